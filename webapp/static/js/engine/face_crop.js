// Cuts faces out of a picture and says how good the cut is: the same as
// ml/vision/face_crop.py, by the same rules (ml/vision/looks.json).

import { greyOf, part, resize, resizeByAreas, round, square, turnedSquare } from "./pixels.js";

// The square of a face, upright.
export function cutOut(picture, { box, roll }, rules) {
  const { scale, side: most, straighten } = rules.crop;
  const [x, y] = [box[0] + box[2] / 2, box[1] + box[3] / 2];
  const side = Math.max(1, round((scale * (box[2] + box[3])) / 2));
  if (Math.abs(roll) > straighten) {
    return turnedSquare(picture, x, y, side, { roll, pixels: Math.min(side, most) });
  }
  const cut = square(picture, round(x - side / 2), round(y - side / 2), side);
  return side > most ? resize(cut, most, most) : cut;
}

// A crop as the networks take it: Float32Array of whole greys, row by row.
export function toNetwork(crop, rules) {
  const side = rules.crop.network_side;
  const grey = greyOf(crop);
  const isRight = grey.width === side && grey.height === side;
  return Float32Array.from((isRight ? grey : resize(grey, side, side)).data);
}

// The first reason not to trust an answer about this face, or null.
export function doubt({ yaw }, crop, rules) {
  const bounds = rules.doubt;
  if (Math.abs(yaw) > bounds.max_yaw) return "looks_away";
  const { side, sharpness, brightness } = measure(crop, bounds.view_side);
  if (side < bounds.least_side) return "too_small";
  if (brightness < bounds.least_brightness) return "too_dark";
  return sharpness < bounds.least_sharpness ? "blurred" : null;
}

function measure(crop, viewSide) {
  const { width: w, height: h } = crop;
  const [left, top] = [w >> 3, h >> 3];
  const middle = greyOf(part(crop, left, top, w - 2 * left, h - 2 * top));
  const view = Float32Array.from(resizeByAreas(middle, viewSide, viewSide).data);
  const contrast = variance(view);
  return {
    side: Math.min(w, h),
    sharpness: variance(edges(view, viewSide)) / Math.max(contrast, 1),
    brightness: mean(view),
  };
}

// Laplacian of a square view, its edge reflected.
function edges(view, side) {
  const fold = (place) => (place < 0 ? 1 : place >= side ? side - 2 : place);
  return view.map((value, i) => {
    const [x, y] = [i % side, Math.floor(i / side)];
    const beside = view[y * side + fold(x - 1)] + view[y * side + fold(x + 1)];
    return beside + view[fold(y - 1) * side + x] + view[fold(y + 1) * side + x] - 4 * value;
  });
}

function mean(values) {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

function variance(values) {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / values.length;
}
