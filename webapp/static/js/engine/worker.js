// The engine's thread: finds faces and says how they look, in this browser. What it may
// load is said by the response that starts it (webapp/engine/views.py).
//
// Messages in: {id, act, …}, acts below. Messages out: {id, answer} or {id, why, message}.

import { Classifier } from "./classifier.js";
import { Detector } from "./detector.js";
import { Follower } from "./follower.js";
import { Looks } from "./looks.js";
import { Reader } from "./reader.js";
import { openNetwork, start, tensor } from "./runtime.js";
import { View } from "./view.js";

let rules = null;
let finder = ""; // its name
let detector = null;
let follower = null;
let reader = null;

const ACTS = {
  // Fetches the runtime and the detector.
  async open({ runtime, detector: file, rules: given }) {
    rules = given;
    finder = file.name;
    await start(runtime);
    detector = new Detector(await openNetwork(file), tensor, rules);
    follower = new Follower(detector, rules);
  },

  // Fetches a model and proves it; from then on it answers, in place of the former.
  async load({ card }) {
    const classifier = new Classifier(await openNetwork(card.model), tensor, card, rules);
    await classifier.prove();
    reader = new Reader(classifier, rules);
  },

  // One look, as at a film's frame: the whole of it `every` so many frames, at most
  // `maxSide` px; `most` faces are asked about.
  async glance({ picture, maxSide, every, most }) {
    const clock = new Clock();
    const view = new View(picture);
    clock.lap("decode");
    const found = await follower.find(view, { maxSide, every });
    view.close();
    clock.lap("detect");
    const faces = await reader.read(view.pixels, found, { most });
    clock.lap("classify");
    return { width: view.width, height: view.height, faces, took: clock.laps };
  },

  // A photo: as many looks as it calls for.
  async look({ picture, evidence }) {
    const view = new View(picture);
    view.close();
    const found = await new Looks(detector, rules).findFaces(view.pixels);
    const faces = await reader.read(view.pixels, found, { evidence });
    const { name, sha256, answer } = reader.classifier.card;
    const model = { name, sha256, answer };
    return { width: view.width, height: view.height, faces, model, detector: finder };
  },
};

// One after the other: a network answers one question at a time.
let before = Promise.resolve();

onmessage = ({ data }) => {
  before = before.then(() => answer(data));
};

async function answer({ id, act, ...wish }) {
  try {
    postMessage({ id, answer: await ACTS[act](wish) });
  } catch (error) {
    const why = error.why ?? (error instanceof RangeError ? "memory" : "broken");
    postMessage({ id, why, message: String(error) });
  }
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
