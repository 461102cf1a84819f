// Faces of a film. The whole frame is searched every n-th time; between, a face is looked
// for only around where it was, which takes a tenth of the time. Where one is lost, or two
// fall into one, the whole frame is searched at once.

import { isInTheMiddle, middleOf, moved, sideOf } from "./looks.js";
import { overlap } from "../tracks.js";

const ONE_FACE = 0.3; // of the union of two boxes
const LARGEST_PATCH = 192; // px; what is larger is shrunk, what is smaller is as it was

export class Follower {
  constructor(detector, rules) {
    Object.assign(this, { detector, rules });
    this.last = [];
    this.since = 0; // frames since the whole was searched
  }

  // Faces of a view, the largest first; the whole is searched every `every` frames.
  async find(view, { maxSide, every = 1 }) {
    this.since += 1;
    const isDue = this.since >= every || !this.last.length;
    const followed = isDue ? null : await this.#follow(view);
    this.last = followed ?? (await this.#whole(view, maxSide));
    return this.last;
  }

  async #whole(view, maxSide = Infinity) {
    this.since = 0;
    const isUsual = maxSide >= this.rules.detector.max_side;
    const small = isUsual ? view.pixels : view.scaled(maxSide);
    const found = await this.detector.find(small);
    const scale = Math.max(view.width, view.height) / Math.max(small.width, small.height);
    return found.map((face) => moved(face, 0, 0, scale));
  }

  // Null where not everybody is where they should be.
  async #follow(view) {
    const found = [];
    for (const face of this.last) {
      const seen = await this.#around(view, face);
      const isAnother = found.some(({ box }) => seen && overlap(box, seen.box) > ONE_FACE);
      if (!seen || isAnother) return null;
      found.push(seen);
    }
    return found.sort((a, b) => b.box[2] * b.box[3] - a.box[2] * a.box[3]);
  }

  async #around(view, face) {
    const { patch_reach } = this.rules.looks;
    const side = Math.round(patch_reach * sideOf(face));
    const [left, top] = middleOf(face.box).map((at) => Math.round(at - side / 2));
    const pixels = Math.min(side, LARGEST_PATCH);
    const found = await this.detector.find(view.patch(left, top, side, pixels));
    const near = found.filter(({ box }) =>
      isInTheMiddle(box, { patch_side: pixels, patch_reach }),
    );
    if (!near.length) return null;
    const seen = near.reduce((a, b) => (b.score > a.score ? b : a));
    return moved(seen, left, top, side / pixels);
  }
}
