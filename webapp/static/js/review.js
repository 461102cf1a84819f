// The review desk: keys, the evidence overlay, and selecting in the grid.
import "./keys.js";

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-heat-switch]");
  if (!button) return;
  const heat = document.querySelector("[data-heat]");
  heat.hidden = !heat.hidden;
  button.setAttribute("aria-pressed", String(!heat.hidden));
});

// What was said on arrival lies over the page, and goes with the first act.
document.addEventListener("htmx:beforeRequest", () => {
  document.querySelector("#main > [role=status]")?.remove();
});

document.querySelector("[data-filters]")?.addEventListener("change", (event) => {
  event.currentTarget.requestSubmit();
});

const grid = document.querySelector("[data-grid]");
if (grid) {
  const boxes = [...grid.querySelectorAll("[name=face]")];
  const all = grid.querySelector("[data-all]");
  const count = grid.querySelector("[data-selected]");
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    tell();
  });
  let last = null;
  grid.addEventListener("click", (event) => {
    const here = boxes.indexOf(event.target);
    if (here < 0) return;
    if (event.shiftKey && last !== null) {
      const [from, to] = [Math.min(here, last), Math.max(here, last)];
      for (const box of boxes.slice(from, to + 1)) box.checked = event.target.checked;
    }
    last = here;
    tell();
  });

  function tell() {
    const chosen = boxes.filter((box) => box.checked).length;
    count.textContent = chosen ? `${chosen} / ${boxes.length}` : "";
    all.checked = chosen === boxes.length;
  }
}
