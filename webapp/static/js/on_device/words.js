// What is said of faces: the same as webapp/presenters/face_words.py, with its sentences.

import { counted, percent as wholePercent } from "../said.js";

export function headline({ emotion, is_sure, runner_up }, words) {
  const { headlines, looks } = words;
  const kind = is_sure ? (runner_up ? "two" : "one") : runner_up ? "unsure_two" : "unsure";
  return headlines[kind]
    .replace("%(first)s", looks[emotion])
    .replace("%(second)s", looks[runner_up]);
}

// For each face a sentence or none: no joke is told twice.
export function kindWords(faces, { kind_words, not_sure, why_not_sure }) {
  const told = new Map();
  return faces.map(({ emotion, is_sure, doubt }) => {
    if (doubt) return why_not_sure[doubt];
    const kind = is_sure ? emotion : "";
    const place = told.get(kind) ?? 0;
    told.set(kind, place + 1);
    return (kind ? kind_words[kind] : [not_sure])[place] ?? "";
  });
}

export function summary(count, words) {
  if (!count) return words.nobody;
  return counted(words.faces, count).replace("{count}", count);
}

// How many show what, the most first.
export function tally(faces, words) {
  const counts = new Map();
  for (const { emotion, is_sure } of faces) {
    const kind = is_sure ? emotion : "";
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const unsure = counts.get("") ?? 0;
  counts.delete("");
  const parts = [...counts]
    .sort(([, one], [, other]) => other - one)
    .map(([name, count]) => words.how_many
      .replace("%(n)s", count).replace("%(word)s", known(name, words).word));
  if (unsure) parts.push(counted(words.hard_to_say, unsure).replace("%(n)d", unsure));
  return parts.join(", ");
}

export function known(name, { emotions }) {
  return emotions.find((one) => one.name === name);
}

// Small shares are not called nothing.
export function percent(share) {
  return share > 0 && share < 0.005 ? `<${wholePercent(0.01)}` : wholePercent(share);
}
