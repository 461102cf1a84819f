// A live session: what was seen, its summary, and the list that stays in this browser.

import { winner } from "./tracks.js";

const LONGEST_STEP = 0.5; // s: a longer pause between two looks counts as no more
const COLUMNS = 240; // of the timeline that is kept
const FLASH_AT_MOST = 0.5; // s
const FLASH_AT_LEAST = 2; // looks: a single one is noise
const FLASH_SHARE = 0.45; // mean probability of the raw guesses
const MOMENT_SHARE = 0.5;
const MOMENT_APART = 2; // s
const MOST_MOMENTS = 5;
const KEY = "mien.sessions";
const MOST_KEPT = 60;

export class Session {
  constructor() {
    this.startedAt = new Date();
    this.rows = []; // {t, faces: [{id, box, emotion, smooth, raw}]}, largest face first
  }

  // Time begins with the first look, not with the camera's warming up.
  add(tracks, now) {
    this.began ??= now;
    const faces = tracks
      .filter((track) => track.seenAt === now)
      .map(({ id, box, emotion, probabilities, raw }) => ({
        id,
        box,
        emotion,
        smooth: { ...probabilities },
        raw,
      }));
    this.rows.push({ t: (now - this.began) / 1000, faces });
  }
}

// --- the summary: plain numbers, made from the rows alone

export function summarise({ startedAt, rows }, emotions) {
  const steps = rows.map((row, i) =>
    Math.min(LONGEST_STEP, (rows[i + 1]?.t ?? row.t) - row.t),
  );
  const seconds = rows.length ? rows.at(-1).t - rows[0].t : 0;
  const looked = steps.reduce((a, b) => a + b, 0);
  return {
    startedAt: startedAt.toISOString(),
    seconds,
    looks: rows.length,
    rate: looked ? (rows.length - 1) / looked : 0,
    faces: countFaces(rows, steps),
    shares: shares(rows, steps, emotions),
    columns: columns(rows, seconds, emotions, Math.min(COLUMNS, Math.ceil(seconds * 8))),
    moments: moments(rows),
    flashes: flashes(rows),
  };
}

// People who were there for a second at least; shorter ones are found by mistake.
function countFaces(rows, steps) {
  const time = new Map();
  rows.forEach(({ faces }, i) => {
    for (const { id } of faces) time.set(id, (time.get(id) ?? 0) + steps[i]);
  });
  return [...time.values()].filter((seconds) => seconds >= 1).length;
}

function shares(rows, steps, emotions) {
  const time = Object.fromEntries(emotions.map((name) => [name, 0]));
  let all = 0;
  rows.forEach(({ faces }, i) => {
    for (const { emotion } of faces) {
      time[emotion] += steps[i];
      all += steps[i];
    }
  });
  for (const name of emotions) time[name] = all ? time[name] / all : 0;
  return time;
}

// The largest face over time: for each column seven whole percents, or null.
export function columns(rows, seconds, emotions, count, from = 0) {
  const sums = Array.from({ length: count }, () => null);
  const wide = seconds / count || 1;
  const held = Math.ceil(LONGEST_STEP / wide);
  for (const { t, faces } of rows) {
    const place = Math.min(count - 1, Math.floor((t - from) / wide));
    if (place < 0 || !faces.length) continue;
    const sum = (sums[place] ??= { looks: 0, values: emotions.map(() => 0) });
    sum.looks += 1;
    emotions.forEach((name, i) => (sum.values[i] += faces[0].smooth[name]));
  }
  const means = sums.map(
    (sum) => sum && sum.values.map((value) => Math.round((100 * value) / sum.looks)),
  );
  // Between two looks that are close, the former holds; a longer pause stays a gap.
  let last = -Infinity;
  return means.map((mean, i) => {
    if (mean) last = i;
    const next = means.findIndex((other, k) => k > i && other);
    return mean ?? (next > 0 && next - last <= held ? means[last] : null);
  });
}

function moments(rows) {
  const found = [];
  const strong = rows
    .filter(({ faces }) => faces.length && faces[0].emotion !== "neutral")
    .map(({ t, faces: [face] }) => ({
      t,
      emotion: face.emotion,
      share: face.smooth[face.emotion],
    }))
    .filter(({ share }) => share >= MOMENT_SHARE)
    .sort((a, b) => b.share - a.share);
  for (const moment of strong) {
    const isNear = ({ t, emotion }) =>
      emotion === moment.emotion && Math.abs(t - moment.t) < MOMENT_APART;
    if (found.length < MOST_MOMENTS && !found.some(isNear)) found.push(moment);
  }
  return found.sort((a, b) => a.t - b.t);
}

// Runs of another raw guess, shorter than half a second, between two of the same.
function flashes(rows) {
  const found = [];
  for (const looks of byFace(rows).values()) {
    const runs = runsOf(looks);
    for (let i = 1; i < runs.length - 1; i++) {
      const [before, run, after] = runs.slice(i - 1, i + 2);
      const lasted = after.t - run.t;
      const share = run.sum / run.looks;
      if (
        before.emotion === after.emotion &&
        run.looks >= FLASH_AT_LEAST &&
        lasted < FLASH_AT_MOST &&
        share >= FLASH_SHARE
      ) {
        found.push({ t: run.t, emotion: run.emotion, ms: Math.round(lasted * 1000), share });
      }
    }
  }
  return found.sort((a, b) => a.t - b.t);
}

function byFace(rows) {
  const looks = new Map();
  for (const { t, faces } of rows) {
    for (const { id, raw } of faces) {
      if (!looks.has(id)) looks.set(id, []);
      const emotion = winner(raw);
      looks.get(id).push({ t, emotion, share: raw[emotion] });
    }
  }
  return looks;
}

function runsOf(looks) {
  const runs = [];
  for (const { t, emotion, share } of looks) {
    if (runs.at(-1)?.emotion !== emotion) runs.push({ t, emotion, looks: 0, sum: 0 });
    const run = runs.at(-1);
    run.looks += 1;
    run.sum += share;
  }
  return runs;
}

// --- what can be saved

export function csv({ rows }, emotions) {
  const head = ["seconds", "face", "x", "y", "w", "h", "expression", ...emotions];
  const lines = rows.flatMap(({ t, faces }) =>
    faces.map(({ id, box, emotion, raw }) => [
      t.toFixed(3),
      id,
      ...box,
      emotion,
      ...emotions.map((name) => raw[name]),
    ]),
  );
  return [head, ...lines].map((line) => line.join(",")).join("\r\n") + "\r\n";
}

// --- the list in this browser

export function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
}

// False where the browser has no room, or keeps nothing.
export async function keep(summary, rows) {
  const isKept = write([summary, ...kept()].slice(0, MOST_KEPT));
  try {
    const store = await caches.open(KEY);
    await store.put(address(summary.startedAt), new Response(rows));
    await tidy(store);
    return isKept;
  } catch {
    return false;
  }
}

// The rows as CSV. The list has no room for them: they lie in a cache of this browser,
// under addresses that are never asked for.
export async function keptRows(startedAt) {
  return (await globalThis.caches?.match(address(startedAt), { cacheName: KEY }))?.text();
}

export async function erase(startedAt) {
  write(kept().filter((summary) => summary.startedAt !== startedAt));
  await tidy(await caches.open(KEY));
}

export async function eraseAll() {
  localStorage.removeItem(KEY);
  await caches.delete(KEY);
}

function address(startedAt) {
  return new URL(`/live/${startedAt}.csv`, location.href).href;
}

// Rows go with the last of their session.
async function tidy(store) {
  const wanted = new Set(kept().map(({ startedAt }) => address(startedAt)));
  for (const { url } of await store.keys()) {
    if (!wanted.has(url)) await store.delete(url);
  }
}

function write(summaries) {
  try {
    localStorage.setItem(KEY, JSON.stringify(summaries));
    return true;
  } catch {
    return false;
  }
}
