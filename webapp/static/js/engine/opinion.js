// What is said of one face: the same as labeling/detection/photos.py, with the same names
// as the API's answer.

import { round } from "./pixels.js";

export function opinion({ box, score }, probabilities, why, { card, rules, picture }) {
  const order = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
  const [best, second] = order.map((place) => probabilities[place]);
  const isClose = second >= rules.answer.close * best;
  return {
    box: wholeBox(box, picture),
    score: fourDigits(score),
    emotion: card.emotions[order[0]],
    probabilities: Object.fromEntries(
      card.emotions.map((name, i) => [name, fourDigits(probabilities[i])]),
    ),
    is_sure: best >= card.certainty_threshold && !why,
    doubt: why,
    runner_up: isClose ? card.emotions[order[1]] : null,
  };
}

function fourDigits(value) {
  return round(value * 1e4) / 1e4;
}

// In whole pixels, cut where it stands out of the picture.
function wholeBox([x, y, w, h], { width, height }) {
  const left = Math.min(Math.max(0, round(x)), width - 1);
  const top = Math.min(Math.max(0, round(y)), height - 1);
  const right = Math.min(width, Math.max(left + 1, round(x + w)));
  const low = Math.min(height, Math.max(top + 1, round(y + h)));
  return [left, top, right - left, low - top];
}
