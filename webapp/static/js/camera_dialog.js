// The dialog in which one picture is taken: the same for trying and for giving.

import { Camera } from "./camera.js";

// Opened by `opener`; `onPicture` gets the picture as a File, when it has closed.
export function cameraDialog(opener, onPicture) {
  const dialog = document.querySelector("[data-camera]");
  const part = (name) => dialog.querySelector(`[data-camera-${name}]`);
  const video = dialog.querySelector("video");
  const camera = new Camera(video, { width: 1280 });

  async function open() {
    dialog.showModal();
    // Who has allowed it before need not read again why it is asked for.
    const permission = await navigator.permissions?.query({ name: "camera" }).catch(() => null);
    if (permission?.state === "granted" && dialog.open) turnOn(() => camera.start());
  }

  async function turnOn(act) {
    part("problem").hidden = true;
    try {
      await act();
    } catch (error) {
      camera.stop();
      showLive(false);
      part("problem").textContent = dialog.dataset[error.why] ?? dialog.dataset.missing;
      part("problem").hidden = false;
      return;
    }
    showLive(true);
    mirror(camera.facing === "user");
    part("shoot").focus();
  }

  function showLive(isLive) {
    part("explain").hidden = isLive;
    part("live").hidden = !isLive;
  }

  function mirror(isMirrored) {
    video.classList.toggle("is-mirrored", isMirrored);
    part("mirror").setAttribute("aria-pressed", String(isMirrored));
  }

  async function shoot() {
    part("shoot").disabled = true;
    try {
      if (part("countdown").checked && !(await camera.countDown(3, showCount))) return;
      const blob = await camera.snapshot();
      dialog.close();
      onPicture(new File([blob], "camera.jpg", { type: "image/jpeg" }));
    } finally {
      part("shoot").disabled = false;
    }
  }

  function showCount(left) {
    part("count").hidden = left === 0;
    part("count").textContent = left;
  }

  opener.addEventListener("click", open);
  part("start").addEventListener("click", () => turnOn(() => camera.start()));
  part("flip").addEventListener("click", () => turnOn(() => camera.flip()));
  part("mirror").addEventListener("click", () =>
    mirror(!video.classList.contains("is-mirrored")),
  );
  part("shoot").addEventListener("click", shoot);
  for (const button of dialog.querySelectorAll("[data-camera-close]")) {
    button.addEventListener("click", () => dialog.close());
  }
  dialog.addEventListener("close", () => {
    camera.stop();
    showLive(false);
  });
  addEventListener("pagehide", () => dialog.close());
}
