// The current model: crops in, probabilities out, of the answer that the site gives.
// Before it answers anybody it is asked for the known faces of its card, as the server
// asks it (ml/artefact/predictor.py).

import { refusal } from "./refusal.js";

const BATCH = 32;

export class Classifier {
  constructor(network, tensor, card, rules) {
    Object.assign(this, { network, tensor, card });
    this.side = rules.crop.network_side;
  }

  // Probabilities of each face (Float32Array of greys), and with `evidence` its maps.
  async predict(faces, { evidence = false } = {}) {
    const outputs = { probabilities: this.card.output, ...(evidence && { evidence: "evidence" }) };
    const said = [];
    for (let first = 0; first < faces.length; first += BATCH) {
      said.push(...(await this.#run(faces.slice(first, first + BATCH), outputs)));
    }
    return said;
  }

  async #run(faces, outputs) {
    const { side } = this;
    const values = new Float32Array(faces.length * side * side);
    faces.forEach((face, i) => values.set(face, i * side * side));
    const face = this.tensor(values, [faces.length, side, side, 1]);
    const answer = await this.network.run({ face }, Object.values(outputs));
    const parts = Object.entries(outputs);
    return faces.map((_, i) =>
      Object.fromEntries(
        parts.map(([name, output]) => [name, rowOf(answer[output].data, i, faces.length)]),
      ),
    );
  }

  // Rejects where it does not see the known faces as its card says.
  async prove() {
    const { faces, probabilities, tolerance } = this.card.golden;
    const greys = Float32Array.from(atob(faces), (byte) => byte.charCodeAt(0));
    const size = this.side ** 2;
    const known = probabilities.map((_, i) => greys.subarray(i * size, (i + 1) * size));
    const said = await this.predict(known);
    const gaps = said.flatMap((one, i) =>
      probabilities[i].map((value, k) => Math.abs(value - one.probabilities[k])),
    );
    // Written so that what is no number is refused.
    if (!gaps.every((gap) => gap <= tolerance)) throw refusal("golden");
  }
}

function rowOf(values, row, rows) {
  const size = values.length / rows;
  return values.slice(row * size, (row + 1) * size);
}
