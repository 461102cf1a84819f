// Faces of a film. The whole frame is searched every n-th time; between, a face is looked
// for only around where it was, which takes a tenth of the time. Where one is lost, or two
// fall into one, the whole frame is searched at once.

import { isInTheMiddle, middleOf, moved, sideOf } from "./looks.js";
import { overlap } from "../tracks.js";

const ONE_FACE = 0.3; // of the union of two boxes

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
    const { patch_side, patch_reach } = this.rules.looks;
    const [x, y] = middleOf(face.box);
    const scale = (patch_reach * sideOf(face)) / patch_side;
    const patch = view.patch(x, y, patch_side * scale, patch_side);
    const found = await this.detector.find(patch);
    const near = found.filter(({ box }) => isInTheMiddle(box, this.rules.looks));
    if (!near.length) return null;
    const seen = near.reduce((a, b) => (b.score > a.score ? b : a));
    const corner = (patch_side / 2) * scale;
    return moved(seen, x - corner, y - corner, scale);
  }
}
