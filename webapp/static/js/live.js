// The live page: camera, looker, tracks and session meet here. Drawing runs at the pace
// of the screen, detecting at the pace of the answers. Frames are looked at on this device
// where that works, and otherwise by the site; the page says which before one is.

import { Camera } from "./camera.js";
import { DeviceWay } from "./device_way.js";
import { Looker } from "./looker.js";
import { Overlay } from "./overlay.js";
import { take } from "./results.js";
import { counted, percent } from "./said.js";
import { Session, columns } from "./session.js";
import { SiteWay } from "./site_way.js";
import { showPast, showSummary } from "./summary.js";
import { chart } from "./timeline.js";
import { Tracks, area } from "./tracks.js";

const page = document.querySelector("[data-live]");
const part = (name) => page.querySelector(`[data-${name}]`);
const words = JSON.parse(document.getElementById("live-words").textContent);
const emotions = words.emotions.map(({ name }) => name);
const rules = words.session; // ml/video/session.json
const WINDOW = 60; // s of the running timeline
const CHART_EVERY = 0.5; // s
const SHORTEST_SESSION = 2; // s
const SLOW = 6; // looks a second, below which the page says what helps

const camera = new Camera(part("video"));
const overlay = new Overlay(part("video"), part("overlay"), words.emotions);
const looker = new Looker(part("video"), { on: { answer, rest } });
const { url, csrf, engine } = page.dataset;
let device = null; // the way that looks here, once it has been opened
looker.way = engine ? null : new SiteWay({ url, csrf });
let tracks = new Tracks(rules);
let session = null;
let chartedAt = 0;
const recent = []; // the last answers, for the figures under the stage

async function turnOn(act) {
  part("problem").hidden = true;
  part("start").disabled = true;
  say(words.waiting);
  try {
    await act();
  } catch (error) {
    stop();
    const why = error.why === "busy" ? "busy_camera" : error.why;
    part("problem").textContent = words[why] ?? words.missing;
    part("problem").hidden = false;
    return;
  } finally {
    part("start").disabled = false;
  }
  say("");
  show(true);
  mirror(camera.facing === "user");
  overlay.start();
  looker.start();
}

// Where frames are looked at: opened once, and for as long as the page is.
async function chooseWay() {
  if (looker.way) return;
  say(words.fetching);
  try {
    device = new DeviceWay(engine, { csrf, on: { fail: bySite } });
    await device.open();
    looker.way ??= device;
    part("where").textContent = words.by_device;
  } catch (error) {
    bySite(error.why ?? "broken");
  }
}

function bySite(why) {
  const because = words.because[why] ?? words.because.broken;
  part("where").textContent = `${words.by_site} ${because}`;
  part("how-to-check").hidden = true;
  looker.way = new SiteWay({ url, csrf });
  recent.length = 0;
}

function start() {
  part("summary").hidden = true;
  tracks = new Tracks(rules);
  recent.length = 0;
  const act = async () => {
    await camera.start();
    await chooseWay();
    session = new Session();
  };
  turnOn(act).then(() => camera.isOn && part("stop").focus());
}

function stop() {
  looker.stop();
  overlay.stop();
  camera.stop();
  show(false);
  say("");
  const seen = session;
  session = null;
  if (!seen) return;
  showStopped();
  part("start").focus({ preventScroll: true });
  if (!seen.rows.length) return;
  if (seen.rows.at(-1).t < SHORTEST_SESSION) say(words.too_short);
  else showSummary(seen, words); // which is what one sees, and where the keyboard is
}

// Nothing on the page says any more that somebody is looked at.
function showStopped() {
  say(words.stopped);
  part("stage-words").textContent = words.stopped;
  part("start-word").textContent = words.start_again;
  part("now-emoji").textContent = "·";
  part("now-word").textContent = words.not_looking;
  part("timeline").replaceChildren();
  for (const row of part("bars").children) {
    row.classList.remove("is-winner");
    row.querySelector(".part").setAttribute("width", 0);
    row.querySelector(".value").textContent = "–";
  }
}

function show(isLive) {
  part("start-panel").hidden = isLive;
  part("bar").hidden = !isLive;
  part("running").hidden = !isLive;
}

function answer({ width, faces }, frame) {
  const now = frame.sentAt / 1000;
  session?.add(tracks.update(faces, now), now);
  // Those too that were missed for a moment.
  const inSight = [...tracks.now].sort((a, b) => area(b.box) - area(a.box));
  overlay.show(inSight, frame, width);
  recent.push({ at: performance.now(), took: { ...frame.took, draw: overlay.drawTook } });
  if (recent.length > 40) recent.shift();
  figures(faces.length);
  showNow(inSight[0]);
  if (now - chartedAt > CHART_EVERY) {
    chartedAt = now;
    showMinute(now);
  }
}

function figures(count) {
  const span = recent.at(-1).at - recent[0].at;
  const mean = (name) =>
    recent.reduce((sum, { took }) => sum + (took[name] ?? 0), 0) / recent.length;
  const rate = span ? ((recent.length - 1) * 1000) / span : 0;
  // For the bench, and for whoever is curious.
  page.dataset.timing = JSON.stringify({
    rate,
    seconds: session?.rows.at(-1)?.t ?? 0,
    ...Object.fromEntries(Object.keys(recent[0].took).map((name) => [name, mean(name)])),
  });
  if (!count) return say(words.no_face);
  const faces = counted(words.faces, count).replace("{count}", count);
  const looks = Math.round(rate);
  const pace = counted(words.rate, looks).replace("{rate}", looks);
  const isSlow = looker.way === device && recent.length > 20 && rate < SLOW;
  say(`${faces} · ${pace}${isSlow ? `. ${words.slow}` : ""}`);
}

function showNow(track) {
  if (!track) return;
  const known = words.emotions.find(({ name }) => name === track.emotion);
  part("now-emoji").textContent = known.emoji;
  part("now-word").textContent = known.word;
  for (const row of part("bars").children) {
    const name = row.dataset.barOf;
    const share = track.smooth[name];
    row.classList.toggle("is-winner", name === track.emotion);
    row.querySelector(".part").setAttribute("width", (100 * share).toFixed(1));
    row.querySelector(".value").textContent = percent(share);
  }
}

function showMinute(now) {
  if (!session) return;
  const end = now - session.began;
  const from = Math.max(0, end - WINDOW);
  const seconds = Math.max(10, end - from);
  let first = session.rows.length - 1;
  while (first > 0 && session.rows[first].t > from) first -= 1;
  const rows = session.rows.slice(first);
  const count = Math.min(120, Math.ceil(seconds * 4));
  const shown = columns(rows, seconds, emotions, count, rules, from);
  chart(part("timeline"), { columns: shown, seconds, from, words });
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

function mirror(isMirrored) {
  part("video").classList.toggle("is-mirrored", isMirrored);
  overlay.mirror(isMirrored);
  part("mirror").setAttribute("aria-pressed", String(isMirrored));
}

part("start").addEventListener("click", start);
part("stop").addEventListener("click", stop);
part("flip").addEventListener("click", () => turnOn(() => camera.flip()));
part("mirror").addEventListener("click", () =>
  mirror(!part("video").classList.contains("is-mirrored")),
);
part("avatar").addEventListener("click", () => {
  overlay.isAvatar = !overlay.isAvatar;
  // Between two answers nobody's face may show, so the camera's own picture goes.
  part("stage").classList.toggle("is-avatar", overlay.isAvatar);
  part("avatar").setAttribute("aria-pressed", String(overlay.isAvatar));
});
part("moment").addEventListener("click", async () => {
  take([new File([await camera.snapshot()], "moment.jpg", { type: "image/jpeg" })]);
});
addEventListener("pagehide", () => camera.stop());
showPast(words);
