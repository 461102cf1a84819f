// The engine's thread: finds faces and says how they look, in this browser. What it may
// load is said by the response that starts it (webapp/engine/views.py).
//
// Messages in: {id, act, …}, acts below. Messages out: {id, answer} or {id, why, message}.

import { Classifier } from "./classifier.js";
import { Detector } from "./detector.js";
import { Looks } from "./looks.js";
import { Reader } from "./reader.js";
import { openNetwork, start, tensor } from "./runtime.js";

let rules = null;
let detector = null;
let reader = null;

const ACTS = {
  // Fetches the runtime and the detector.
  async open({ runtime, detector: file, rules: given }) {
    rules = given;
    await start(runtime);
    detector = new Detector(await openNetwork(file), tensor, rules);
  },

  // Fetches a model and proves it; from then on it answers, in place of the former.
  async load({ card }) {
    const classifier = new Classifier(await openNetwork(card.model), tensor, card, rules);
    await classifier.prove();
    reader = new Reader(classifier, rules);
  },

  // One look, as at a film's frame, at most `maxSide` px; `most` faces are asked about.
  async glance({ picture, maxSide, most }) {
    const clock = new Clock();
    const pixels = pixelsOf(picture);
    clock.lap("decode");
    const found = await detector.find(pixels, maxSide);
    clock.lap("detect");
    const faces = await reader.read(pixels, found, { most });
    clock.lap("classify");
    return { width: pixels.width, height: pixels.height, faces, took: clock.laps };
  },

  // A photo: as many looks as it calls for.
  async look({ picture, evidence }) {
    const pixels = pixelsOf(picture);
    const found = await new Looks(detector, rules).findFaces(pixels);
    const faces = await reader.read(pixels, found, { evidence });
    return { width: pixels.width, height: pixels.height, faces };
  },
};

onmessage = async ({ data: { id, act, ...wish } }) => {
  try {
    postMessage({ id, answer: await ACTS[act](wish) });
  } catch (error) {
    const why = error.why ?? (error instanceof RangeError ? "memory" : "broken");
    postMessage({ id, why, message: String(error) });
  }
};

let canvas = null;

// An ImageBitmap is read and let go; what has pixels already is taken as it is.
function pixelsOf(picture) {
  if (picture.data) return picture;
  canvas ??= new OffscreenCanvas(1, 1);
  Object.assign(canvas, { width: picture.width, height: picture.height });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(picture, 0, 0);
  picture.close();
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

class Clock {
  laps = {};
  last = performance.now();

  lap(step) {
    const now = performance.now();
    this.laps[step] = now - this.last;
    this.last = now;
  }
}
