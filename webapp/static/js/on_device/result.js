// What was seen on this device, in the site's own form: its blank results
// (webapp/presenters/detection.py: blanks) are filled in.

import * as labels from "./labels.js";
import { cropJpeg, heatMap, preview } from "./pictures.js";
import { headline, kindWords, known, percent, summary, tally } from "./words.js";

const blanks = document.querySelector("template[data-blanks]")?.content;
let count = 0;

// The result as an element. `seen`: the engine's answer about `bitmap`.
export async function resultOf(seen, bitmap, words) {
  const id = `device-${(count += 1)}-${Date.now().toString(36)}`;
  const result = blanks.querySelector(seen.faces.length ? "#faces" : "#no-face").cloneNode(true);
  result.id = id;
  result.setAttribute("aria-label", summary(seen.faces.length, words));
  result.querySelector(".photo img").src = await preview(bitmap, words.preview_side);
  const cards = await Promise.all(cardsOf(id, seen, words));
  fillPhoto(result.querySelector(".photo"), seen, cards);
  fillActs(result.querySelector(".result-acts"), id, seen);
  if (cards.length) fillFaces(result, cards, words);
  return result;
}

// From left to right, as people count.
function cardsOf(id, { width, height, faces, model }, words) {
  const middle = ({ box: [x, , w] }) => x + w / 2;
  const ordered = [...faces].sort((a, b) => middle(a) - middle(b));
  const numberOf = (place) => (ordered.length > 1 ? place + 1 : null);
  const said = ordered.map((face, place) => {
    const { word, emoji } = known(face.emotion, words);
    const rest = `${word} ${percent(face.probabilities[face.emotion])}`;
    return { box: face.box, number: numberOf(place), emoji, rest };
  });
  const places = labels.place(said, { width, height }, words.labels);
  const kind = kindWords(ordered, words);
  return ordered.map(async (face, place) => {
    const { probabilities, emotion, evidence, crop } = face;
    const names = Object.keys(probabilities);
    return {
      ...face,
      number: place + 1,
      id: `${id}-face-${place + 1}`,
      headline: headline(face, words),
      kindWord: kind[place],
      label: places[place],
      model: model.sha256,
      crop: await cropJpeg(crop),
      heat: await heatMap(evidence, names.indexOf(emotion), names.length, words.heat),
      said: {
        face: words.face.replace("{number}", place + 1),
        whole: words.face_and_headline
          .replace("{number}", place + 1)
          .replace("{headline}", headline(face, words)),
      },
    };
  });
}

function fillPhoto(figure, { width, height }, cards) {
  for (const one of figure.querySelectorAll("img, svg")) set(one, { width, height });
  const svg = figure.querySelector("svg");
  set(svg, {
    viewBox: `0 0 ${width} ${height}`,
    "aria-label": figure.closest(".result").getAttribute("aria-label"),
  });
  repeat(svg.querySelectorAll("a"), cards, (link, { id, emotion, box, label, said }) => {
    link.setAttribute("class", `is-${emotion}`);
    set(link, { href: `#${id}`, "aria-label": said.whole });
    const rx = 0.08 * Math.min(box[2], box[3]);
    for (const rect of link.querySelectorAll(".box, .box-edge")) place(rect, box, rx);
    place(link.querySelector(".label-ground"), label.box, label.size);
    const [x, y, w, h] = label.box;
    const text = link.querySelector("text");
    set(text, { x: x + w / 2, y: y + h / 2, "font-size": label.size });
    text.textContent = label.words;
  });
}

function fillActs(acts, id, { width, height, faces, model, detector }) {
  acts.querySelector("[data-save-picture]").dataset.savePicture = `mien-${id}.jpg`;
  const answer = {
    model: model.name,
    answer: model.answer,
    detector,
    width,
    height,
    note: null,
    faces: faces.map(({ box, score, emotion, is_sure, runner_up, doubt, probabilities }) => ({
      ...{ box, score, emotion, is_sure, runner_up, doubt, probabilities },
    })),
  };
  const json = encodeURIComponent(JSON.stringify(answer, null, 2));
  const href = `data:application/json,${json}`;
  set(acts.querySelector("a[download]"), { href, download: `mien-${id}.json` });
  acts.querySelector("[data-model]").textContent = model.name;
}

function fillFaces(result, cards, words) {
  const isGroup = cards.length > 1;
  result.classList.toggle("is-group", isGroup);
  const title = result.querySelector(".heading");
  title.classList.toggle("sr-only", !isGroup);
  title.firstChild.textContent = summary(cards.length, words);
  const counted = title.querySelector(".muted");
  if (isGroup) counted.textContent = words.colon + tally(cards, words);
  else counted.remove();
  const strip = result.querySelector(".strip");
  if (isGroup) fillStrip(strip, cards, words);
  else strip.remove();
  repeat(result.querySelectorAll(".face-card"), cards, (card, face) => fillCard(card, face, isGroup, words));
}

function fillStrip(strip, cards, words) {
  repeat(strip.children, cards, (item, { id, number, emotion, crop, probabilities }) => {
    const { emoji, word } = known(emotion, words);
    item.className = `is-${emotion}`;
    item.querySelector("a").href = `#${id}`;
    item.querySelector("img").src = crop;
    item.querySelector(".number").textContent = number;
    const [picture, said, , share] = item.querySelector(".strip-words").childNodes;
    picture.textContent = emoji;
    said.textContent = ` ${word}`;
    share.textContent = percent(probabilities[emotion]);
  });
}

function fillCard(card, face, isGroup, words) {
  const { id, number, emotion, is_sure, runner_up, probabilities } = face;
  card.className = `card face-card is-${emotion}`;
  card.id = id;
  card.setAttribute("aria-labelledby", `${id}-title`);
  set(card.querySelector("img.face"), { src: face.crop, alt: face.said.face });
  card.querySelector("img.heat").src = face.heat;
  if (isGroup) card.querySelector(".number").textContent = number;
  else card.querySelector(".number").remove();
  const [chip, second] = card.querySelectorAll(".chip");
  fillChip(chip, emotion, percent(probabilities[emotion]), words);
  if (runner_up && !is_sure) fillChip(second, runner_up, "", words);
  else second.remove();
  const title = card.querySelector(".face-title");
  title.id = `${id}-title`;
  title.textContent = face.headline;
  title.nextElementSibling.textContent = face.kindWord;
  title.nextElementSibling.hidden = !face.kindWord;
  for (const [name, share] of Object.entries(probabilities)) {
    const bar = card.querySelector(`.bars .is-${name}`);
    bar.classList.toggle("is-winner", name === emotion);
    bar.querySelector(".part").setAttribute("width", (100 * share).toFixed(1));
    bar.querySelector(".value").textContent = percent(share);
  }
  fillQuestion(card.querySelector(".ask"), face);
}

function fillChip(chip, name, share, words) {
  const { emoji, word } = known(name, words);
  chip.className = `chip is-${name}`;
  const picture = chip.querySelector(".emoji");
  picture.textContent = emoji;
  picture.nextSibling.textContent = share ? `${word} ${share}` : word;
}

function fillQuestion(form, { id, emotion, model }) {
  form.setAttribute("aria-labelledby", `${id}-question`);
  form.querySelector(".ask-question").id = `${id}-question`;
  form.querySelector("[name=model]").value = model;
  form.querySelector("[name=guess]").value = emotion;
  const former = form.querySelector(".is-guess");
  const guess = form.querySelector(`button[value=${emotion}]`);
  former.classList.remove("is-guess");
  guess.classList.add("is-guess");
  guess.lastElementChild.append(former.querySelector(".sr-only"));
}

// As many of the blank ones as there are cards, in their place.
function repeat([element, ...others], cards, fill) {
  const all = cards.map((card) => {
    const copy = element.cloneNode(true);
    fill(copy, card);
    return copy;
  });
  for (const other of others) other.remove();
  element?.replaceWith(...all); // of a photo without a face there is none
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}

function place(rect, [x, y, width, height], rx) {
  set(rect, { x, y, width, height, rx: rx.toFixed(1) });
}
