// Giving a face: a file that is chosen, or taken by the camera, sends the form by itself.

import { cameraDialog } from "./camera_dialog.js";
import { privateLink } from "./private_link.js";

const form = document.querySelector("#photo-form");
if (form) photoForm(form);
privateLink(document);

function photoForm(form) {
  const file = form.querySelector("input[type=file]");
  const busy = form.querySelector("[data-busy]");

  form.addEventListener("submit", () => { busy.hidden = false; });
  window.addEventListener("pageshow", () => { busy.hidden = true; });
  file.addEventListener("change", send);
  // A photo chosen before the expression goes as soon as that is chosen too.
  form.addEventListener("change", (event) => {
    if (event.target.name === "emotion" && file.files.length) form.requestSubmit();
  });
  cameraDialog(form.querySelector("[data-camera-open]"), (picture) => {
    const files = new DataTransfer();
    files.items.add(picture);
    file.files = files.files;
    send();
  });

  function send() {
    if (file.files.length && form.reportValidity()) form.requestSubmit();
  }
}
