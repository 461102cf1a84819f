// How the faces of one picture look. Where there is no time for all of a film's faces,
// those that nothing is known of come first, then the largest, then whoever has waited
// longest; of the others the former answer stands, and says so (`is_old`).

import { cutOut, doubt, toNetwork } from "./face_crop.js";
import { opinion } from "./opinion.js";
import { overlap } from "../tracks.js";

const SAME_FACE = 0.25; // of the union of two boxes

export class Reader {
  constructor(classifier, rules) {
    Object.assign(this, { classifier, rules });
    this.known = []; // of the last picture: {box, said, age}, its answer and how old it is
  }

  // What is said of each face of `found`, in its order; of `most` of them anew.
  async read(picture, found, { most = Infinity, evidence = false } = {}) {
    const faces = found.map((face) => ({ ...face, ...this.#former(face) }));
    const asked = new Set(most < faces.length ? chosen(faces, most) : faces);
    const fresh = faces.filter((face) => asked.has(face));
    const said = await this.#ask(picture, fresh, evidence);
    fresh.forEach((face, i) => Object.assign(face, { said: said[i], age: 0 }));
    this.known = faces.map(({ box, said: last, age }) => ({ box, said: last, age: age + 1 }));
    return faces.map((face) => this.#answer(picture, face));
  }

  #former({ box }) {
    const near = this.known.find((one) => overlap(one.box, box) >= SAME_FACE);
    return near ? { said: near.said, age: near.age } : { said: null, age: Infinity };
  }

  async #ask(picture, faces, evidence) {
    const crops = faces.map((face) => cutOut(picture, face, this.rules));
    const greys = crops.map((crop) => toNetwork(crop, this.rules));
    const said = await this.classifier.predict(greys, { evidence });
    return said.map((one, i) => ({
      ...one,
      crop: evidence ? crops[i] : null,
      doubt: doubt(faces[i], crops[i], this.rules),
    }));
  }

  #answer(picture, { said, age, ...face }) {
    const facts = { card: this.classifier.card, rules: this.rules, picture };
    const about = opinion(face, said.probabilities, said.doubt, facts);
    const more = said.crop ? { crop: said.crop, evidence: said.evidence } : {};
    return { ...about, ...more, is_old: age > 0 };
  }
}

// Faces come the largest first.
function chosen(faces, most) {
  const [largest, ...others] = faces;
  const unknown = faces.filter(({ said }) => !said);
  const waiting = others.filter(({ said }) => said).sort((a, b) => b.age - a.age);
  const first = largest.said ? [largest] : [];
  return [...unknown, ...first, ...waiting].slice(0, Math.max(most, unknown.length));
}
