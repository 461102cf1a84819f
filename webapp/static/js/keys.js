// One key, one act: a key clicks the element on the page that carries it as data-key.
// While a dialog is open, only what is inside it answers.

const help = document.querySelector("#keys");
document.querySelector("[data-help]")?.addEventListener("click", () => help.showModal());

// Between a key and the next face, further keys are dropped: nobody decides about a face
// before seeing it. One pressed while that face is being wired up waits for it.
let state = "ready";
let held = null;

document.addEventListener("htmx:beforeRequest", () => { state = "asking"; });
document.addEventListener("htmx:beforeSwap", () => { state = "settling"; });
document.addEventListener("htmx:afterSettle", ready);
document.addEventListener("htmx:sendError", trouble);
document.addEventListener("htmx:responseError", trouble);

function trouble() {
  const notice = document.querySelector("[data-trouble]");
  if (notice) notice.hidden = false;
  held = null;
  state = "ready";
}

function ready() {
  const notice = document.querySelector("[data-trouble]");
  if (notice) notice.hidden = true;
  state = "ready";
  const key = held;
  held = null;
  if (key) press(key);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select")) return;
  const dialog = document.querySelector("dialog[open]");
  if (event.key === "?" && help && (!dialog || dialog === help)) {
    if (dialog) help.close();
    else help.showModal();
    return;
  }
  const key = name(event);
  if (state === "settling") held = key;
  else if (state === "asking" || press(key)) event.preventDefault();
});

// Shift and a digit is a key of its own, but for keyboards that have digits only so.
function name(event) {
  const digit = /^Digit(\d)$/.exec(event.code)?.[1];
  const isShifted = event.shiftKey && digit && !/^\d$/.test(event.key);
  return isShifted ? `shift+${digit}` : event.key.toLowerCase();
}

function press(key) {
  const dialog = document.querySelector("dialog[open]");
  const found = (dialog ?? document).querySelectorAll(`[data-key="${CSS.escape(key)}"]`);
  const target = [...found].find((one) => dialog || !one.closest("dialog"));
  if (!target || target.disabled) return false;
  target.click();
  return true;
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens).showModal();
  if (event.target.closest("[data-closes]")) event.target.closest("dialog").close();
});

// A swapped part takes the focus with it: keep it on the part, so that keys and
// screen readers stay where the work is. Nothing scrolls for it.
document.addEventListener("htmx:afterSettle", (event) => {
  if (document.activeElement === document.body) event.detail.elt.focus?.({ preventScroll: true });
});
