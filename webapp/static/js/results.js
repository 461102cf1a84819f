// What becomes of photos: each goes to the site in a request of its own, and its answer,
// ready-made HTML, takes the place that was kept for it. Also what is done with results.

const results = document.getElementById("results");
const words = results.dataset;
const AT_ONCE = 2; // more would only wait for each other on the server
const SHRINK_ABOVE = 1.5e6; // bytes: then the upload takes longer than the looking
const LONGEST_SIDE = 2048; // px: far more than the face finder uses

const queue = [];
let active = 0;

export function take(files) {
  if (!files.length) return;
  const places = [...files].map((file) => ({ file, place: keepPlace(file) }));
  results.prepend(...places.map(({ place }) => place));
  places[0].place.scrollIntoView({ block: "nearest" });
  queue.push(...places);
  for (let i = active; i < AT_ONCE; i++) next();
}

function keepPlace(file) {
  const place = document.createElement("article");
  place.className = "result is-waiting beside";
  const figure = document.createElement("figure");
  figure.className = "photo";
  const img = new Image();
  img.alt = "";
  img.src = URL.createObjectURL(file);
  img.onerror = () => img.remove(); // HEIC and TIFF: the server's preview follows
  img.onload = () => URL.revokeObjectURL(img.src);
  figure.append(img);
  const said = document.createElement("p");
  said.className = "muted";
  said.textContent = words.looking;
  place.append(figure, said);
  return place;
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

async function look({ file, place }) {
  const body = new FormData();
  body.append("photo", await shrunk(file), file.name || "photo");
  let response;
  try {
    response = await fetch(words.url, {
      method: "POST",
      body,
      headers: { "HX-Request": "true", "X-CSRFToken": words.csrf },
    });
  } catch {
    say(place, words.offline, () => look({ file, place }));
    return;
  }
  if (!response.headers.get("content-type")?.startsWith("text/html")) {
    say(place, words.offline, () => look({ file, place }));
    return;
  }
  const parts = document.createElement("template");
  parts.innerHTML = await response.text();
  const result = parts.content.querySelector(".result");
  if (!result) {
    say(place, words.offline, () => look({ file, place }));
    return;
  }
  if (response.status === 429 || response.status === 503) offerAgain(result, file);
  place.replaceWith(result);
  window.htmx?.process(result);
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

function say(place, sentence, again) {
  const notice = document.createElement("div");
  notice.className = "notice is-bad";
  notice.setAttribute("role", "alert");
  const text = document.createElement("p");
  text.textContent = sentence;
  notice.append(text, againButton(again));
  place.className = "result";
  place.replaceChildren(notice);
}

function offerAgain(result, file) {
  const button = againButton(() => {
    const place = keepPlace(file);
    result.replaceWith(place);
    look({ file, place });
  });
  result.querySelector(".notice")?.append(button);
}

function againButton(act) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button is-quiet is-small";
  button.textContent = words.again;
  button.addEventListener("click", act);
  return button;
}

// --- the annotated picture: the preview with its boxes and emojis, drawn once more

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
  for (const text of svg.querySelectorAll("text")) {
    const style = getComputedStyle(text);
    pen.font = `${text.getAttribute("font-size")}px ${style.fontFamily}`;
    pen.fillText(text.textContent, text.getAttribute("x"), text.getAttribute("y"));
  }
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
}

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
