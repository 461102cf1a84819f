// A live session: what was seen, and its summary. The same as ml/video/session_summary.py,
// by the same rules (ml/video/session.json). Times in seconds.

import { area, winner } from "./tracks.js";

const COLUMNS = 240; // of the timeline that is kept
const COLUMNS_A_SECOND = 8;
const MOST_PEOPLE = 6; // who can be looked at one by one: this browser keeps them too
const INSTANT = 1e-6; // s: below it two times are the same

export class Session {
  constructor() {
    this.startedAt = new Date();
    // {t, faces: [{id, box, emotion, smooth, raw, isOld}]}, largest face first
    this.rows = [];
  }

  // The tracks of one answer's faces. Time begins with the first look, not with the
  // camera's warming up.
  add(tracks, time) {
    this.began ??= time;
    const faces = tracks
      .map(({ id, box, emotion, smooth, raw, isOld }) => {
        return { id, box, emotion, smooth, raw, isOld };
      })
      .sort((a, b) => area(b.box) - area(a.box));
    this.rows.push({ t: time - this.began, faces });
  }
}

// --- the summary: plain numbers, made from the rows alone

export function summarise({ startedAt, rows }, emotions, rules) {
  const steps = stepsOf(rows, rules.longest_step_seconds);
  const seconds = rows.length ? rows.at(-1).t - rows[0].t : 0;
  const looked = steps.slice(0, -1).reduce((a, b) => a + b, 0);
  const counted = countedFaces(rows, steps, rules);
  const most = Math.min(COLUMNS, Math.ceil(seconds * COLUMNS_A_SECOND));
  return {
    startedAt: startedAt.toISOString(),
    seconds,
    looks: rows.length,
    rate: looked ? (rows.length - 1) / looked : 0,
    faces: counted.size,
    shares: shares(rows, steps, emotions),
    columns: columns(rows, seconds, emotions, most, rules),
    moments: moments(rows, counted, rules),
    flashes: flashes(rows, rules),
  };
}

// Who is in it, the longest in sight first, each with a summary of their own; nobody where
// there is only one.
export function people({ startedAt, rows }, emotions, rules) {
  const steps = stepsOf(rows, rules.longest_step_seconds);
  const time = timeOfFaces(rows, steps);
  const counted = [...countedFaces(rows, steps, rules)].sort((a, b) => time.get(b) - time.get(a));
  if (counted.length < 2) return [];
  return counted.slice(0, MOST_PEOPLE).map((face) => {
    const own = rows.map(({ t, faces }) => ({ t, faces: faces.filter(({ id }) => id === face) }));
    const { shares, columns, moments, flashes } = summarise({ startedAt, rows: own }, emotions, rules);
    return { face, seconds: time.get(face), shares, columns, moments, flashes };
  });
}

// A look lasts until the next one, the last as long as the one before.
function stepsOf(rows, longest) {
  const times = rows.map(({ t }) => t);
  const steps = times.slice(1).map((t, i) => Math.min(longest, t - times[i]));
  return rows.length ? [...steps, steps.at(-1) ?? 0] : [];
}

// Ids of those who were there long enough; shorter ones are found by mistake.
function countedFaces(rows, steps, rules) {
  const time = timeOfFaces(rows, steps);
  const least = rules.least_seconds_of_a_face - INSTANT;
  return new Set([...time.keys()].filter((id) => time.get(id) >= least));
}

function timeOfFaces(rows, steps) {
  const time = new Map();
  rows.forEach(({ faces }, i) => {
    for (const { id } of faces) time.set(id, (time.get(id) ?? 0) + steps[i]);
  });
  return time;
}

// Of the time that faces were in sight, how much in each emotion.
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

// The faces over time, each look of each counting alike, as in the shares: for each column
// seven whole percents, or null.
export function columns(rows, seconds, emotions, count, rules, from = 0) {
  const sums = Array.from({ length: count }, () => null);
  const wide = seconds / count || 1;
  const held = Math.ceil(rules.longest_step_seconds / wide);
  for (const { t, faces } of rows) {
    const place = Math.min(count - 1, Math.floor((t - from) / wide));
    if (place < 0 || !faces.length) continue;
    const sum = (sums[place] ??= { looks: 0, values: emotions.map(() => 0) });
    sum.looks += faces.length;
    for (const { smooth } of faces) {
      emotions.forEach((name, i) => (sum.values[i] += smooth[name]));
    }
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

// The peaks of every face and emotion but the resting one, the surest first.
function moments(rows, counted, rules) {
  const peaks = new Map();
  for (const { t, faces } of rows) {
    for (const { id, emotion, smooth } of faces) {
      const [key, share] = [`${id} ${emotion}`, smooth[emotion]];
      if (share > (peaks.get(key)?.share ?? 0)) peaks.set(key, { t, face: id, emotion, share });
    }
  }
  return [...peaks.values()]
    .filter(({ face, emotion }) => counted.has(face) && emotion !== rules.resting_emotion)
    .sort((a, b) => b.share - a.share)
    .slice(0, rules.moments.most);
}

// Expressions of single looks that come and go within half a second: candidates only.
function flashes(rows, rules) {
  const found = [];
  for (const [face, looks] of byFace(rows)) {
    for (const run of flashesAmong(runsOf(looks), rules.flash)) {
      if (run.emotion === rules.resting_emotion) continue;
      const ms = Math.round((run.end - run.t) * 1000);
      found.push({ t: run.t, face, emotion: run.emotion, ms, share: run.sum / run.looks });
    }
  }
  return found.sort((a, b) => a.t - b.t || a.face - b.face);
}

function byFace(rows) {
  const looks = new Map();
  for (const { t, faces } of rows) {
    for (const { id, raw, isOld } of faces) {
      if (isOld) continue; // the same look again would count twice
      if (!looks.has(id)) looks.set(id, []);
      const emotion = winner(raw);
      looks.get(id).push({ t, emotion, share: raw[emotion] });
    }
  }
  return looks;
}

// Looks in a row, each of which by itself said the same; `end` is where the next begins.
export function runsOf(looks) {
  const runs = [];
  for (const { t, emotion, share } of looks) {
    const last = runs.at(-1);
    if (last) last.end = t;
    if (last?.emotion === emotion) join(last, { end: t, looks: 1, sum: share });
    else runs.push({ t, end: t, emotion, looks: 1, sum: share });
  }
  return runs;
}

// Those that are brief and sure, between two runs of the same emotion.
export function flashesAmong(runs, { longest_seconds, least_looks, least_probability }) {
  const kept = withoutNoise(runs, least_looks);
  return kept.filter(
    (run, i) =>
      i > 0 &&
      kept[i - 1].emotion === kept[i + 1]?.emotion &&
      run.end - run.t < longest_seconds &&
      run.sum / run.looks >= least_probability,
  );
}

// Runs of fewer looks left out, and what they interrupted made whole again.
export function withoutNoise(runs, leastLooks) {
  const kept = [];
  for (const run of runs) {
    if (run.looks < leastLooks) continue;
    if (kept.at(-1)?.emotion === run.emotion) join(kept.at(-1), run);
    else kept.push({ ...run });
  }
  return kept;
}

function join(run, later) {
  run.end = later.end;
  run.looks += later.looks;
  run.sum += later.sum;
}

// --- what can be saved

// The columns of faces.csv, as `python -m ml watch` writes it.
export function csv({ rows }, emotions) {
  const alone = emotions.map((name) => `${name}_in_this_frame`);
  const head = ["seconds", "face", "x", "y", "w", "h", "emotion", ...emotions, ...alone];
  const lines = rows.flatMap(({ t, faces }) =>
    faces.map(({ id, box, emotion, smooth, raw }) => [
      t.toFixed(3),
      id,
      ...box.map((side) => Math.round(side)),
      emotion,
      ...emotions.map((name) => smooth[name].toFixed(4)),
      ...emotions.map((name) => raw[name].toFixed(4)),
    ]),
  );
  return [head, ...lines].map((line) => line.join(",")).join("\r\n") + "\r\n";
}
