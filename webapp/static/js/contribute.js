// Giving a face: the camera fills the file field of the form, which sends itself.

const form = document.querySelector("#photo-form");
if (form) photoForm(form);

const copy = document.querySelector("[data-copy]");
if (copy) copyButton(copy);

function photoForm(form) {
  const file = form.querySelector("input[type=file]");
  const view = form.querySelector("[data-camera]");
  const video = form.querySelector("[data-video]");
  const count = form.querySelector("[data-count]");
  const busy = form.querySelector("[data-busy]");
  const problem = form.querySelector("[data-camera-problem]");
  const ways = form.querySelector(".photo-ways");
  let stream = null;

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
  on("[data-camera-wait]", () => countDown(3));
  window.addEventListener("pagehide", close);

  function on(selector, act) {
    form.querySelector(selector).addEventListener("click", act);
  }

  async function open() {
    problem.hidden = true;
    try {
      const wish = { facingMode: "user", width: { ideal: 1280 } };
      stream = await navigator.mediaDevices.getUserMedia({ video: wish });
    } catch {
      problem.textContent = form.dataset.noCamera;
      problem.hidden = false;
      return;
    }
    video.srcObject = stream;
    await video.play();
    view.hidden = false;
    ways.hidden = true;
    view.querySelector("button").focus();
  }

  function close() {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    video.srcObject = null;
    view.hidden = true;
    ways.hidden = false;
  }

  function countDown(seconds) {
    count.hidden = seconds === 0;
    count.textContent = seconds;
    if (seconds === 0) take();
    else setTimeout(() => stream && countDown(seconds - 1), 1000);
  }

  function take() {
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    canvas.toBlob((blob) => {
      const files = new DataTransfer();
      files.items.add(new File([blob], "camera.jpg", { type: "image/jpeg" }));
      file.files = files.files;
      close();
      if (form.reportValidity()) form.requestSubmit();
    }, "image/jpeg", 0.92);
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
