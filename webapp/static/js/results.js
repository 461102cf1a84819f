// What becomes of photos: each goes to the site in a request of its own, and its answer,
// ready-made HTML, takes the place that was kept for it; or it is looked at on this device
// (on_device/way.js), and goes nowhere. Also what is done with results.

import { percent } from "./said.js";

const results = document.getElementById("results");
const words = results.dataset;
const AT_ONCE = 2; // more would only wait for each other on the server
const SHRINK_ABOVE = 1.5e6; // bytes: then the upload takes longer than the looking
const LONGEST_SIDE = 2048; // px: far more than the face finder uses

const queue = [];
let active = 0;
let device = null; // {isChosen(), resultOf(file, say), words}

export function offerDevice(way) {
  device = way;
}

export async function take(files) {
  if (!files.length) return;
  const jobs = await Promise.all([...files].map(jobOf));
  results.prepend(...jobs.map(({ place }) => place));
  const { top } = jobs[0].place.getBoundingClientRect();
  if (top < 0 || top > innerHeight / 2) jobs[0].place.scrollIntoView();
  queue.push(...jobs);
  for (let i = active; i < AT_ONCE; i++) next();
}

// A face that we drew: the site has it, so only its name goes there.
export async function takeSample(name, src) {
  const place = await keepPlace(src);
  results.prepend(place);
  await look({ name, place });
}

async function jobOf(file) {
  const src = URL.createObjectURL(file);
  const place = await keepPlace(src);
  URL.revokeObjectURL(src);
  return { file, place };
}

// Pictures are loaded before they are shown, so that nothing moves when they come.
async function keepPlace(src) {
  const place = document.createElement("article");
  place.className = "result is-waiting beside";
  const figure = document.createElement("figure");
  figure.className = "photo";
  const img = new Image();
  img.alt = "";
  img.src = src;
  figure.append(img);
  await loaded(img);
  if (!img.naturalWidth) img.remove(); // HEIC, TIFF: the site's preview follows
  const said = document.createElement("p");
  said.className = "muted num";
  said.textContent = words.looking;
  said.ariaLive = "off"; // or each percent would be read out
  place.append(figure, said);
  return place;
}

function loaded(img) {
  if (img.complete) return null;
  return new Promise((resolve) => {
    img.addEventListener("load", resolve);
    img.addEventListener("error", resolve);
  });
}

async function next() {
  const job = queue.shift();
  if (!job) return;
  active += 1;
  try {
    await look(job);
  } finally {
    active -= 1;
    next();
  }
}

async function look(job) {
  if (job.file && !job.isBySite && device?.isChosen()) await onDevice(job);
  else await bySite(job);
}

async function bySite(job) {
  const { place } = job;
  const said = place.querySelector("p");
  const result = await ask(await bodyOf(job), (share) => {
    said.textContent = share < 1 ? words.sending + percent(share) : words.looking;
  }).catch(() => null);
  if (!result) {
    say(place, words.offline, button(words.again, () => look(job)));
    return;
  }
  if (result.dataset.again) offerAgain(result, job);
  await show(result, place);
}

async function onDevice(job) {
  const { place, file } = job;
  const said = place.querySelector("p");
  const toSite = (sentence) =>
    button(sentence, (event) => anew(event.target.closest(".result"), file, true));
  try {
    const { result, note } = await device.resultOf(file, (sentence) => {
      said.textContent = sentence ?? words.looking;
    });
    if (note) result.querySelector(".result-acts").after(notice(note, toSite(device.words.look_closer)));
    await show(result, place);
  } catch (error) {
    say(place, device.whyNot(error), toSite(device.words.send));
  }
}

async function show(result, place) {
  result.hidden = true;
  place.after(result);
  await Promise.all([...result.querySelectorAll("img")].map(loaded));
  result.hidden = false;
  place.remove();
  window.htmx?.process(result);
}

async function bodyOf({ file, name }) {
  const body = new FormData();
  if (name) body.append("sample", name);
  else body.append("photo", await shrunk(file), file.name || "photo");
  return body;
}

// The result as an element, or null if none came.
async function ask(body, onProgress) {
  const answer = await post(body, onProgress);
  if (!answer.getResponseHeader("content-type")?.startsWith("text/html")) return null;
  const parts = document.createElement("template");
  parts.innerHTML = answer.responseText;
  const result = parts.content.querySelector(".result");
  if (!result) return null;
  if (answer.status === 429 || answer.status === 503) result.dataset.again = "yes";
  return result;
}

// fetch() does not say how much of a photo has gone.
function post(body, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", words.url);
    request.setRequestHeader("HX-Request", "true");
    request.setRequestHeader("X-CSRFToken", words.csrf);
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      if (total) onProgress(loaded / total);
    });
    request.addEventListener("load", () => resolve(request));
    request.addEventListener("error", reject);
    request.addEventListener("abort", reject);
    request.send(body);
  });
}

// A photo of a phone is large: shrunk here, it arrives sooner and without its metadata.
async function shrunk(file) {
  if (file.size < SHRINK_ABOVE || file.type !== "image/jpeg") return file;
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
    const canvas = new OffscreenCanvas(bitmap.width * scale, bitmap.height * scale);
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return await canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
  } catch {
    return file;
  }
}

function say(place, sentence, act) {
  const said = notice(sentence, act);
  said.classList.add("is-bad");
  said.setAttribute("role", "alert");
  place.className = "result";
  place.replaceChildren(said);
}

function notice(sentence, act) {
  const said = document.createElement("div");
  said.className = "notice";
  const text = document.createElement("p");
  text.textContent = sentence;
  said.append(text, act);
  return said;
}

function offerAgain(result, job) {
  const act = () => anew(result, job.file, job.isBySite);
  if (job.file) result.querySelector(".notice")?.append(button(words.again, act));
}

async function anew(result, file, isBySite = false) {
  const job = { ...(await jobOf(file)), isBySite };
  result.replaceWith(job.place);
  await look(job);
}

function button(sentence, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button is-quiet is-small";
  made.textContent = sentence;
  made.addEventListener("click", act);
  return made;
}

// --- a photo that lies on its side

results.addEventListener("click", async (event) => {
  const result = event.target.closest("[data-turn]")?.closest("[data-result]");
  if (result) await anew(result, await turned(result.querySelector(".photo img")));
});

async function turned(img) {
  const { naturalWidth: width, naturalHeight: height } = img;
  const canvas = new OffscreenCanvas(height, width);
  const pen = canvas.getContext("2d");
  pen.translate(height, 0);
  pen.rotate(Math.PI / 2);
  pen.drawImage(img, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
  return new File([blob], "turned.jpg", { type: blob.type });
}

// --- the annotated picture: the preview with its boxes and labels, drawn once more

results.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-save-picture]");
  if (!button) return;
  const blob = await annotated(button.closest("[data-result]"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = button.dataset.savePicture;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
});

async function annotated(result) {
  const img = result.querySelector(".photo img");
  const svg = result.querySelector(".photo svg");
  const canvas = new OffscreenCanvas(img.naturalWidth, img.naturalHeight);
  const pen = canvas.getContext("2d");
  pen.drawImage(img, 0, 0);
  const scale = canvas.width / svg.viewBox.baseVal.width;
  pen.scale(scale, scale);
  for (const rect of svg.querySelectorAll(".box")) {
    const { x, y, width, height } = rect.getBBox();
    const line = Math.max(2 / scale, Math.max(width, height) / 50);
    for (const [colour, thickness] of [
      ["#fff", 2 * line],
      [getComputedStyle(rect).stroke, line],
    ]) {
      pen.strokeStyle = colour;
      pen.lineWidth = thickness;
      pen.beginPath();
      pen.roundRect(x, y, width, height, rect.rx.baseVal.value);
      pen.stroke();
    }
  }
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  for (const ground of svg.querySelectorAll(".label-ground")) {
    const { x, y, width, height } = ground.getBBox();
    pen.fillStyle = getComputedStyle(ground).fill;
    pen.beginPath();
    pen.roundRect(x, y, width, height, Math.min(ground.rx.baseVal.value, height / 2));
    pen.fill();
  }
  for (const text of svg.querySelectorAll("text")) {
    const style = getComputedStyle(text);
    pen.fillStyle = style.fill;
    pen.font = `500 ${text.getAttribute("font-size")}px ${style.fontFamily}`;
    pen.fillText(text.textContent, text.getAttribute("x"), text.getAttribute("y"));
  }
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
}

// --- a face that only this device has seen: given, and only then sent

results.addEventListener(
  "submit",
  ({ target }) => {
    const crop = target.querySelector("[data-unseen-crop]");
    const face = target.closest(".face-card")?.querySelector("img.face");
    if (crop && face) [, crop.value] = face.src.split(",");
  },
  { capture: true },
);

// --- the answer is kept; the face need not be given

results.addEventListener("click", (event) => {
  const form = event.target.closest("[data-no-thanks]")?.closest("form");
  if (!form) return;
  form.querySelector("[data-offer]").remove();
  const said = form.querySelector("[data-declined]");
  said.hidden = false;
  said.focus();
});

// --- the private link of a face that was given

results.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.querySelector("span").textContent = button.dataset.done;
});
