// The doors of the first page: photos chosen, dropped, pasted, or taken by the camera.

import { cameraDialog } from "./camera_dialog.js";
import { take } from "./results.js";

const form = document.querySelector("[data-drop]");
const input = form.querySelector("input[type=file]");

function send(files) {
  if (files.length) form.classList.add("has-results");
  take(files);
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
