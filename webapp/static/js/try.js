// The doors of the first page: photos chosen, dropped, pasted, or taken by the camera.

import { cameraDialog } from "./camera_dialog.js";
import { deviceWay } from "./on_device/way.js";
import { take, takeSample } from "./results.js";

const form = document.querySelector("[data-drop]");
const input = form.querySelector("input[type=file]");

const results = document.getElementById("results");

deviceWay(form);

function send(files) {
  if (files.length) form.classList.add("has-results");
  take(files);
}

document.querySelector("[data-samples]")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const { value } = event.submitter;
  const { src } = event.submitter.querySelector("img");
  form.classList.add("has-results");
  takeSample(value, src);
});
form.querySelector("[data-clear]").addEventListener("click", (event) => {
  event.preventDefault();
  results.replaceChildren();
  form.classList.remove("has-results");
  history.replaceState(null, "", form.querySelector("[data-clear]").href);
  form.querySelector("input[type=file]").focus();
});

// --- Back keeps the results: they wait in this tab for as long as another page is shown

const KEPT = "mien.results";

window.addEventListener("pagehide", () => {
  const all = [...results.querySelectorAll("[data-result]")];
  if (!all.length) return;
  try {
    sessionStorage.setItem(KEPT, all.map((result) => result.outerHTML).join(""));
  } catch {
    // too many photos for a tab's store; the browser may still keep the whole page
  }
});
window.addEventListener("pageshow", () => {
  const html = takeKept();
  const [{ type }] = performance.getEntriesByType("navigation");
  if (!html || type !== "back_forward" || results.firstElementChild) return;
  results.innerHTML = html;
  form.classList.add("has-results");
  window.htmx?.process(results);
});

// Null where this browser keeps nothing.
function takeKept() {
  try {
    const html = sessionStorage.getItem(KEPT);
    sessionStorage.removeItem(KEPT);
    return html;
  } catch {
    return null;
  }
}

input.addEventListener("change", () => {
  send(input.files);
  input.value = "";
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  send(input.files);
});
for (const type of ["dragenter", "dragover"]) {
  document.addEventListener(type, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    form.classList.add("is-over");
  });
}
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) form.classList.remove("is-over");
});
document.addEventListener("drop", (event) => {
  if (!event.dataTransfer?.files.length) return;
  event.preventDefault();
  form.classList.remove("is-over");
  send(event.dataTransfer.files);
});
document.addEventListener("paste", (event) => {
  const files = event.clipboardData?.files ?? [];
  if (files.length) send(files);
});

cameraDialog(form.querySelector("[data-camera-open]"), (picture) => send([picture]));
