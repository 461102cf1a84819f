// Giving a face: the camera fills the file field of the form, which sends itself.

import { Camera } from "./camera.js";

const form = document.querySelector("#photo-form");
if (form) photoForm(form);

const copy = document.querySelector("[data-copy]");
if (copy) copyButton(copy);

function photoForm(form) {
  const file = form.querySelector("input[type=file]");
  const view = form.querySelector("[data-camera]");
  const count = form.querySelector("[data-count]");
  const busy = form.querySelector("[data-busy]");
  const problem = form.querySelector("[data-camera-problem]");
  const ways = form.querySelector(".photo-ways");
  const camera = new Camera(form.querySelector("[data-video]"), { width: 1280 });

  form.addEventListener("submit", () => { busy.hidden = false; });
  window.addEventListener("pageshow", () => { busy.hidden = true; });
  file.addEventListener("change", () => {
    if (file.files.length && form.reportValidity()) form.requestSubmit();
  });
  // A photo chosen before the expression goes as soon as that is chosen too.
  form.addEventListener("change", (event) => {
    if (event.target.name === "emotion" && file.files.length) form.requestSubmit();
  });
  on("[data-camera-open]", open);
  on("[data-camera-close]", close);
  on("[data-camera-take]", take);
  on("[data-camera-wait]", async () => {
    if (await camera.countDown(3, showCount)) take();
  });
  window.addEventListener("pagehide", close);

  function on(selector, act) {
    form.querySelector(selector).addEventListener("click", act);
  }

  async function open() {
    problem.hidden = true;
    try {
      await camera.start();
    } catch {
      camera.stop();
      problem.textContent = form.dataset.noCamera;
      problem.hidden = false;
      return;
    }
    show(true);
    view.querySelector("button").focus();
  }

  function close() {
    camera.stop();
    show(false);
  }

  function show(isOpen) {
    view.hidden = !isOpen;
    ways.hidden = isOpen;
  }

  function showCount(left) {
    count.hidden = left === 0;
    count.textContent = left;
  }

  async function take() {
    const blob = await camera.snapshot();
    const files = new DataTransfer();
    files.items.add(new File([blob], "camera.jpg", { type: "image/jpeg" }));
    file.files = files.files;
    close();
    if (form.reportValidity()) form.requestSubmit();
  }
}

function copyButton(button) {
  const link = document.querySelector("[data-link]");
  link.addEventListener("focus", () => link.select());
  button.addEventListener("click", async () => {
    link.select();
    await navigator.clipboard.writeText(link.value);
    button.querySelector("span").textContent = button.dataset.done;
  });
}
