// The booth: seven expressions one after the other, each with how sure the model is of it
// just now; then the strip, and giving them all at once.

import { Camera } from "./camera.js";
import { faceStrip } from "./face_strip.js";
import { Looker } from "./looker.js";
import { privateLink } from "./private_link.js";
import { counted, percent } from "./said.js";
import { SiteWay } from "./site_way.js";
import { area, smoothed, winner } from "./tracks.js";

const page = document.querySelector("[data-booth]");
const part = (name) => page.querySelector(`[data-${name}]`);
const words = JSON.parse(document.getElementById("booth-words").textContent);
const { emotions } = words;
const SMOOTHING = 0.4; // s

const camera = new Camera(part("video"), { width: 1280 });
const looker = new Looker(part("video"), { on: { answer, rest } });
looker.way = new SiteWay({ url: page.dataset.liveUrl, csrf: page.dataset.csrf });
const taken = new Map(); // name -> {crop, token, src, share, isGiven}
const skipped = new Set();
const secrets = []; // of the private link, from every time that faces were given
let wanted = emotions[0];
let smooth = null; // the probabilities just now, without their flicker
let lookedAt = 0;
let isTaking = false;

const known = (name) => emotions.find((one) => one.name === name);
const slot = (name) => page.querySelector(`[data-slot="${name}"]`);

// --- the camera

async function start() {
  part("problem").hidden = true;
  part("start").disabled = true;
  try {
    await camera.start();
  } catch (error) {
    camera.stop();
    const why = error.why === "busy" ? "busy_camera" : error.why;
    part("problem").textContent = words[why] ?? words.missing;
    part("problem").hidden = false;
    return false;
  } finally {
    part("start").disabled = false;
  }
  part("start-panel").hidden = true;
  part("steps").hidden = true;
  part("task").hidden = false;
  for (const { name } of emotions) slot(name).disabled = taken.get(name)?.isGiven ?? false;
  looker.start();
  return true;
}

function stop() {
  looker.stop();
  camera.stop();
  part("task").hidden = true;
  part("start-panel").hidden = false;
}

async function ask(name) {
  wanted = known(name);
  if (!camera.isOn && !(await start())) return;
  skipped.delete(name);
  smooth = null;
  show();
  say("");
  part("word").parentElement.focus({ preventScroll: true });
  part("stage").scrollIntoView({ block: "nearest" });
}

function show() {
  const number = emotions.indexOf(wanted) + 1;
  part("progress").textContent = words.progress
    .replace("{number}", number)
    .replace("{count}", emotions.length);
  part("emoji").textContent = wanted.emoji;
  part("word").textContent = wanted.word;
  part("how").textContent = wanted.how;
  part("meter").className = `booth-meter is-${wanted.name}`;
  for (const { name } of emotions) {
    if (name === wanted.name && camera.isOn) slot(name).setAttribute("aria-current", "step");
    else slot(name).removeAttribute("aria-current");
  }
  meter(0, "–");
}

// --- what the model sees just now

function answer({ faces }, { sentAt }) {
  if (isTaking) return;
  const [face] = [...faces].sort((a, b) => area(b.box) - area(a.box));
  if (!face) {
    smooth = null;
    meter(0, "–");
    return say(words.no_face);
  }
  const passed = (sentAt - lookedAt) / 1000;
  lookedAt = sentAt;
  smooth = smooth
    ? smoothed(smooth, face.probabilities, passed, SMOOTHING)
    : face.probabilities;
  const share = smooth[wanted.name];
  meter(share, percent(share));
  const seen = known(winner(smooth));
  if (seen === wanted) return say(faces.length > 1 ? words.several : words.wanted);
  say(words.other.replace("{emotion}", seen.word));
}

function meter(share, text) {
  part("meter").querySelector(".part").setAttribute("width", (100 * share).toFixed(1));
  part("share").textContent = text;
}

function rest(seconds, why) {
  say(words[why].replace("{seconds}", seconds));
}

let said = "";
function say(sentence) {
  if (sentence === said) return;
  said = sentence;
  part("status").textContent = sentence;
}

// --- taking a picture

async function take() {
  if (isTaking) return;
  isTaking = true;
  part("take").disabled = part("skip").disabled = true;
  try {
    const seconds = part("countdown").checked ? 3 : 0;
    if (!(await camera.countDown(seconds, showCount))) return;
    const face = await look(await camera.snapshot());
    if (face) keep(face);
  } finally {
    isTaking = false;
    part("take").disabled = part("skip").disabled = false;
  }
}

function showCount(left) {
  part("count").hidden = left === 0;
  part("count").textContent = left;
}

async function look(blob) {
  let faces;
  try {
    const response = await fetch(page.dataset.url, {
      method: "POST",
      body: blob,
      headers: { "Content-Type": "image/jpeg", "X-CSRFToken": page.dataset.csrf },
    });
    const said = await response.json();
    if (!response.ok) return say(said.error?.message ?? words.not_taken);
    faces = said.faces;
  } catch {
    return say(words.not_taken);
  }
  if (!faces.length) return say(words.not_found);
  return faces[0]; // the largest
}

function keep({ crop, token, probabilities }) {
  const src = `data:image/jpeg;base64,${crop}`;
  taken.set(wanted.name, { crop, token, src, share: probabilities[wanted.name] });
  const img = slot(wanted.name).querySelector("img");
  img.src = src;
  img.hidden = false;
  label(wanted);
  say(words.taken.replace("{emotion}", wanted.word));
  next();
}

function label(one) {
  const sentence = taken.has(one.name) ? words.retake : words.take;
  slot(one.name).setAttribute("aria-label", sentence.replace("{emotion}", one.word));
}

function next() {
  const place = emotions.indexOf(wanted);
  const order = [...emotions.slice(place + 1), ...emotions.slice(0, place)];
  const left = order.find(({ name }) => !taken.has(name) && !skipped.has(name));
  if (left) {
    wanted = left;
    smooth = null;
    show();
  } else {
    stop();
    show();
    part("stage-words").textContent = words.over;
    part("start-word").textContent = words.again;
  }
  showDone(!left);
}

// --- what comes of them

function toGive() {
  return [...taken].filter(([, face]) => !face.isGiven);
}

function showDone(isOver) {
  part("done").hidden = !taken.size;
  part("retake-hint").hidden = !taken.size;
  const count = toGive().length;
  part("give").hidden = !count;
  const give = counted(words.give, count);
  part("give-button").textContent = give.replace("{count}", count);
  if (!isOver || !count) return;
  part("strip").parentElement.scrollIntoView({ block: "start" });
  part("give-title").focus({ preventScroll: true });
}

async function save() {
  const faces = emotions
    .filter(({ name }) => taken.has(name))
    .map((one) => ({ ...one, ...taken.get(one.name) }));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await faceStrip(faces));
  link.download = "mien-seven-faces.png";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function fill() {
  const fields = toGive().flatMap(([emotion, { crop, token }]) =>
    Object.entries({ emotion, crop, token }).map(([name, value]) => {
      const field = document.createElement("input");
      return Object.assign(field, { type: "hidden", name, value });
    }),
  );
  part("faces").replaceChildren(...fields);
}

function answered() {
  const given = page.querySelector("[data-given]");
  if (!given) return;
  for (const name of given.dataset.given.split(" ").filter(Boolean)) {
    taken.get(name).isGiven = true;
    slot(name).disabled = true;
  }
  const link = given.querySelector("[data-link]");
  if (link) {
    const [address, more] = link.value.split("#");
    secrets.push(more);
    link.value = `${address}#${secrets.join(",")}`;
  }
  privateLink(given);
  if (camera.isOn) stop();
  showDone(false);
  given.scrollIntoView({ block: "start" });
  given.querySelector("[data-focus]").focus({ preventScroll: true });
}

function first() {
  return emotions.find(({ name }) => !taken.has(name)) ?? wanted;
}

part("start").addEventListener("click", () => {
  skipped.clear();
  ask(first().name);
});
part("take").addEventListener("click", take);
part("skip").addEventListener("click", () => {
  skipped.add(wanted.name);
  next();
});
part("save").addEventListener("click", save);
part("strip").addEventListener("click", (event) => {
  const button = event.target.closest("[data-slot]");
  if (button && !isTaking) ask(button.dataset.slot);
});
part("answer").addEventListener("click", (event) => {
  const button = event.target.closest("[data-retake]");
  if (button) ask(button.dataset.retake);
});
part("give").addEventListener("submit", fill, { capture: true });
// Whatever was refused is said, with whichever status.
const SAID_TOO = [413, 415, 503, 507];
part("answer").addEventListener("htmx:beforeSwap", (event) => {
  event.detail.shouldSwap ||= SAID_TOO.includes(event.detail.xhr.status);
});
document.body.addEventListener("htmx:sendError", () => {
  part("answer").textContent = part("answer").dataset.offline;
});
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "booth-answer") answered();
});
addEventListener("pagehide", () => camera.stop());
emotions.forEach(label);
