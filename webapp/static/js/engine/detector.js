// YuNet, decoded as OpenCV's FaceDetectorYN decodes it: the same as ml/vision/yunet.py,
// by the same rules (ml/vision/looks.json).

import { fit } from "./pixels.js";

const OUTPUTS = ["cls", "obj", "bbox", "kps"];

export class Detector {
  // `network.run(feeds, names)` as ONNX Runtime's sessions have it; `tensor(values, shape)`.
  constructor(network, tensor, rules) {
    Object.assign(this, { network, tensor, rules: rules.detector });
  }

  // Faces {box, score, roll, yaw} in pixels of the picture, the largest first.
  async find(picture) {
    const small = fit(picture, this.rules.max_side);
    const [across, down] = [picture.width / small.width, picture.height / small.height];
    const found = await this.detect(small);
    return found
      .sort((a, b) => b.box[2] * b.box[3] - a.box[2] * a.box[3])
      .map(({ box: [x, y, w, h], score, marks }) => ({
        box: [x * across, y * down, w * across, h * down],
        score,
        ...pose(marks),
      }));
  }

  // Candidates {box, marks, score} of a picture as it is, the best first.
  async detect(picture) {
    const { strides, min_score, max_overlap } = this.rules;
    const [width, height] = [picture.width, picture.height].map(padded);
    const input = this.tensor(planes(picture, width, height), [1, 3, height, width]);
    const names = strides.flatMap((stride) => OUTPUTS.map((kind) => `${kind}_${stride}`));
    const outputs = await this.network.run({ input }, names);
    const found = strides.flatMap((stride) => {
      const [cls, obj, bbox, kps] = OUTPUTS.map((kind) => outputs[`${kind}_${stride}`].data);
      return candidates({ cls, obj, bbox, kps }, stride, width / stride, min_score);
    });
    return suppressed(found, min_score, max_overlap);
  }
}

function padded(side) {
  return 32 * Math.ceil(side / 32);
}

// Blue, green and red one after the other, as it was trained, with black where padded.
function planes({ data, width, height }, across, down) {
  const size = across * down;
  const values = new Float32Array(3 * size);
  for (let y = 0; y < height; y++) {
    let from = 4 * y * width;
    for (let to = y * across; to < y * across + width; to++, from += 4) {
      values[to] = data[from + 2];
      values[to + size] = data[from + 1];
      values[to + 2 * size] = data[from];
    }
  }
  return values;
}

// Each cell of the grid proposes one box, by its centre's offset and the logarithm of its
// size, both in strides. The score is the geometric mean of two probabilities.
function candidates({ cls, obj, bbox, kps }, stride, columns, least) {
  const found = [];
  for (let cell = 0; cell < cls.length; cell++) {
    const score = Math.fround(Math.sqrt(unit(cls[cell]) * unit(obj[cell])));
    if (score < least) continue;
    const [column, row] = [cell % columns, Math.floor(cell / columns)];
    const [dx, dy, w, h] = bbox.subarray(4 * cell, 4 * cell + 4);
    const [width, height] = [Math.exp(w) * stride, Math.exp(h) * stride];
    const left = (column + dx) * stride - width / 2;
    const top = (row + dy) * stride - height / 2;
    const marks = Array.from(kps.subarray(10 * cell, 10 * cell + 10), (offset, i) =>
      ((i % 2 ? row : column) + offset) * stride,
    );
    found.push({ box: [left, top, width, height], marks, score });
  }
  return found;
}

function unit(value) {
  return Math.min(1, Math.max(0, value));
}

// FaceDetectorYN compares boxes that are cut to whole pixels: so do we.
function suppressed(found, least, most) {
  const kept = [];
  for (const one of found.sort((a, b) => b.score - a.score)) {
    one.whole = one.box.map(Math.trunc);
    const isNew = kept.every((other) => overlap(one.whole, other.whole) <= most);
    if (one.score > least && isNew) kept.push(one);
  }
  return kept;
}

function overlap([x, y, w, h], [u, v, s, t]) {
  const width = Math.max(0, Math.min(x + w, u + s) - Math.max(x, u));
  const height = Math.max(0, Math.min(y + h, v + t) - Math.max(y, v));
  return (width * height) / Math.max(1, w * h + s * t - width * height);
}

// Roll and yaw, by eyes and nose.
function pose([rightX, rightY, leftX, leftY, noseX, noseY]) {
  const [across, down] = [leftX - rightX, leftY - rightY];
  const distance = Math.max(Math.hypot(across, down), 1e-6);
  const [dx, dy] = [noseX - (rightX + leftX) / 2, noseY - (rightY + leftY) / 2];
  return {
    roll: (Math.atan2(down, across) * 180) / Math.PI,
    yaw: (dx * across + dy * down) / distance ** 2,
  };
}
