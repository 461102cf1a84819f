// As many looks of the detector as a picture calls for: the same as ml/vision/pipeline.py,
// where each look's reason is said, by the same rules (ml/vision/looks.json).

import { fit, framed, part, quarterTurned, round, turnedSquare } from "./pixels.js";

export class Looks {
  constructor(detector, rules) {
    this.rules = rules.looks;
    this.find = (picture) => detector.find(picture);
  }

  // Every face {box, score, roll, yaw} of a photo, the largest first.
  async findFaces(picture) {
    const { fills_frame } = this.rules;
    let found = await this.find(picture);
    if (this.#hasMoreToShow(picture, found)) {
      found = this.#merge(found, await this.#inTiles(picture));
    }
    const shorter = Math.min(picture.width, picture.height);
    if (!found.length || sideOf(found[0]) > fills_frame * shorter) {
      found = this.#merge(found, await this.#padded(picture, 0));
    }
    if (!found.length) found = this.#merge(await this.#turned(picture));
    return this.#upright(picture, found);
  }

  #hasMoreToShow({ width, height }, found) {
    const { look_side, large, small } = this.rules;
    const longer = Math.max(width, height);
    if (longer <= large * look_side) return false;
    return !found.length || (sideOf(found.at(-1)) * look_side) / longer < small;
  }

  // Of boxes that are about the same place the surest, the largest first.
  #merge(...looks) {
    const kept = [];
    for (const face of looks.flat().sort((a, b) => b.score - a.score)) {
      const isNew = kept.every(({ box }) => overlap(face.box, box) < this.rules.max_overlap);
      if (isNew) kept.push(face);
    }
    return kept.sort((a, b) => b.box[2] * b.box[3] - a.box[2] * a.box[3]);
  }

  async #inTiles(picture) {
    const { tile, tile_overlap } = this.rules;
    const found = [];
    for (const top of this.#starts(picture.height)) {
      for (const left of this.#starts(picture.width)) {
        const width = Math.min(tile, picture.width - left);
        const height = Math.min(tile, picture.height - top);
        const faces = await this.find(part(picture, left, top, width, height));
        const small = faces.filter((face) => sideOf(face) < tile_overlap);
        found.push(...small.map((face) => moved(face, left, top)));
      }
    }
    return found;
  }

  // Where tiles begin, evenly.
  #starts(length) {
    const { tile, tile_overlap } = this.rules;
    const count = Math.max(1, Math.ceil((length - tile_overlap) / (tile - tile_overlap)));
    const step = count > 1 ? Math.max(0, length - tile) / (count - 1) : 0;
    return Array.from({ length: count }, (_, i) => round(i * step));
  }

  async #padded(picture, quarters) {
    const { padded_side, border, border_grey } = this.rules;
    const small = fit(picture, padded_side);
    const scale = Math.max(picture.width, picture.height) / Math.max(small.width, small.height);
    const found = await this.#findTurned(framed(small, border, border_grey), quarters);
    return found.map((face) => moved(face, -border * scale, -border * scale, scale));
  }

  // Faces of the picture lying on either side, and on its head.
  async #turned(picture) {
    const { look_side, turned_score } = this.rules;
    const small = fit(picture, look_side);
    const scale = Math.max(picture.width, picture.height) / Math.max(small.width, small.height);
    const found = [];
    for (const quarters of [1, 2, 3]) {
      const whole = await this.#findTurned(small, quarters);
      found.push(...whole.map((face) => moved(face, 0, 0, scale)));
      found.push(...(await this.#padded(picture, quarters)));
    }
    return found.filter(({ score }) => score >= turned_score);
  }

  async #findTurned(picture, quarters) {
    const found = await this.find(quarterTurned(picture, quarters));
    return found.map((face) => turnedBack(face, quarters, picture.width, picture.height));
  }

  // The largest looked at anew; more of them where one is turned, for then perhaps the
  // whole picture lies.
  async #upright(picture, found) {
    const { first_checked, most_checked } = this.rules;
    const checked = [];
    for (const [place, face] of found.slice(0, most_checked).entries()) {
      const isTurned = checked.some((one, i) => one !== found[i]);
      if (place >= first_checked && !isTurned) break;
      checked.push(await this.#checked(picture, face));
    }
    return [...checked, ...found.slice(checked.length)];
  }

  // The same face with its true roll, where turning its surroundings shows one.
  async #checked(picture, face) {
    const { sure, sure_twice, gain, turns } = this.rules;
    const { patch_side, patch_reach, patch_around } = this.rules;
    if (face.score >= sure) return face;
    const [x, y] = middleOf(face.box);
    const scale = (patch_reach * sideOf(face)) / patch_side;
    const size = { roll: 0, pixels: patch_around };
    const around = turnedSquare(picture, x, y, patch_around * scale, size);
    const base = 90 * round(face.roll / 90);
    const upright = (await this.#inPatch(around, base))?.score ?? 0;
    if (upright && (face.score + upright) / 2 >= sure_twice) return face;
    const score = Math.max(face.score, upright);
    let best = null;
    for (const turn of turns) {
      const seen = await this.#inPatch(around, base + turn);
      if (seen && seen.score > (best?.score ?? 0)) best = seen;
    }
    if (!best || best.score < score + gain) return face;
    const corner = (patch_around / 2) * scale;
    return moved(best, x - corner, y - corner, scale);
  }

  // The face in the middle of its surroundings, where it lies in them; the detector sees
  // them turned counter-clockwise.
  async #inPatch(around, angle) {
    const { patch_side, patch_around } = this.rules;
    const middle = patch_around / 2;
    const size = { roll: angle, pixels: patch_side };
    const found = await this.find(turnedSquare(around, middle, middle, patch_side, size));
    const near = found.filter(({ box }) => isInTheMiddle(box, this.rules));
    if (!near.length) return null;
    const seen = near.reduce((a, b) => (b.score > a.score ? b : a));
    const [dx, dy] = middleOf(seen.box).map((at) => at - patch_side / 2);
    const [cos, sin] = [Math.cos, Math.sin].map((of) => of((angle * Math.PI) / 180));
    const [x, y] = [middle + dx * cos - dy * sin, middle + dx * sin + dy * cos];
    const [, , w, h] = seen.box;
    const box = [x - w / 2, y - h / 2, w, h];
    return { ...seen, box, roll: degrees(angle + seen.roll) };
  }
}

// Of a patch around a face.
export function isInTheMiddle(box, { patch_side, patch_reach }) {
  const reach = patch_side / patch_reach / 2;
  return middleOf(box).every((at) => Math.abs(at - patch_side / 2) < reach);
}

export function sideOf({ box: [, , w, h] }) {
  return Math.max(w, h);
}

export function middleOf([x, y, w, h]) {
  return [x + w / 2, y + h / 2];
}

// Share of the smaller one that lies in the other.
function overlap([x, y, w, h], [u, v, s, t]) {
  const width = Math.max(0, Math.min(x + w, u + s) - Math.max(x, u));
  const height = Math.max(0, Math.min(y + h, v + t) - Math.max(y, v));
  return (width * height) / Math.max(1e-9, Math.min(w * h, s * t));
}

// In a picture `scale` times as large, in which (x, y) is the former corner.
export function moved(face, x, y, scale = 1) {
  const [left, top, w, h] = face.box.map((side) => side * scale);
  return { ...face, box: [left + x, top + y, w, h] };
}

function turnedBack(face, quarters, width, height) {
  const [x, y, w, h] = face.box;
  const box = [
    face.box,
    [width - y - h, x, h, w],
    [width - x - w, height - y - h, w, h],
    [y, height - x - w, h, w],
  ][quarters];
  return { ...face, box, roll: degrees(face.roll + 90 * quarters) };
}

// Within -180 and 180.
function degrees(angle) {
  return ((((angle + 180) % 360) + 360) % 360) - 180;
}
