// Where a face's words stand on the photo: the same as webapp/presenters/box_labels.py,
// where each step is told, by its measures.

// `faces`: {box, number (or null), emoji, rest}; gives {box, size, words} for each.
export function place(faces, photo, rules) {
  const short = faces.map((face) => ({ ...face, rest: "" }));
  const eyes = faces.map(({ box: [x, y, w, h] }) => [
    x,
    y + rules.eyes[0] * h,
    w,
    (rules.eyes[1] - rules.eyes[0]) * h,
  ]);
  for (const [said, scale] of [
    [faces, 1],
    [short, 1],
    [short, rules.smaller],
  ]) {
    const labels = apart(said, eyes, photo, scale, rules);
    if (labels) return labels;
  }
  return short.map((face) => {
    const all = places(face, photo, rules.smaller, rules);
    return all.find(({ box }) => !meets(box, eyes)) ?? all[0];
  });
}

function apart(faces, eyes, photo, scale, rules) {
  const labels = [];
  for (const face of faces) {
    const taken = [...eyes, ...labels.map(({ box }) => box)];
    const free = places(face, photo, scale, rules).find(({ box }) => !meets(box, taken));
    if (!free) return null;
    labels.push(free);
  }
  return labels;
}

function places(face, { width, height }, scale, rules) {
  const [x, y, w, h] = face.box;
  const words = [face.number ?? "", `${face.emoji}${rules.in_colour}`, face.rest]
    .filter((one) => one !== "")
    .join(" ");
  const least = scale * Math.max(width * rules.of_width, height * rules.of_height);
  const largest = rules.largest * least;
  const size = oneDigit(Math.min(Math.max(least, rules.of_box * w), largest));
  const letters = [...words].length;
  const wide = Math.min((rules.letter * letters + rules.emoji) * size, width);
  const high = rules.line * size;
  const gap = 0.25 * size;
  const lefts = [x + w / 2 - wide / 2, x, x + w - wide];
  const tops = [y - gap - high, y + h + gap, y + h - high];
  const at = (left, top) => {
    const box = inside([left, top, wide, high], width, height);
    return { box, size, words };
  };
  const found = tops
    .filter((top) => top >= 0 && top <= height - high)
    .flatMap((top) => lefts.map((left) => at(left, top)));
  return found.length ? found : [at(x, y + h)];
}

function inside([x, y, w, h], width, height) {
  const left = Math.max(0, Math.min(x, width - w));
  const top = Math.max(0, Math.min(y, height - h));
  return [left, top, w, h].map(oneDigit);
}

function meets([x, y, w, h], others) {
  return others.some(([a, b, c, d]) => x < a + c && a < x + w && y < b + d && b < y + h);
}

function oneDigit(value) {
  return Math.round(10 * value) / 10;
}
