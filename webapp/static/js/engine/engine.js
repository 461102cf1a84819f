// Looks at pictures on this device, by a model that the site hands out. For pages: the
// work is done in `worker.js`, so that a page never waits.
//
//   const engine = new Engine(address);    // of what the site hands out
//   await engine.open();                   // fetches what is needed, once
//   await engine.glance(bitmap, { maxSide, every, most });   // a film's frame
//   await engine.look(bitmap, { evidence });                 // a photo
//   await engine.follow();                 // takes over the site's current model
//
// All reject with an Error whose `why` is a word: no_wasm, fetch, memory, golden, broken,
// or what the site says why nothing is handed out.

import { refusal } from "./refusal.js";

export class Engine {
  constructor(address, csrf) {
    Object.assign(this, { address, csrf });
    this.waiting = new Map(); // id -> {resolve, reject}
    this.count = 0;
    this.model = null; // the hash of the model that answers
  }

  async open() {
    if (typeof WebAssembly !== "object") throw refusal("no_wasm");
    const offer = await this.#offer();
    this.worker = new Worker(offer.worker, { type: "module" });
    this.worker.onmessage = ({ data }) => this.#answered(data);
    this.worker.onerror = (event) => this.#failed(event);
    const { runtime, detector, rules } = offer;
    await this.#ask("open", { runtime, detector, rules });
    await this.#take(offer);
  }

  // Between two looks; false where it is the same model still.
  async follow() {
    const offer = await this.#offer();
    return offer.card !== this.model && (await this.#take(offer));
  }

  glance(picture, { maxSide, every, most } = {}) {
    return this.#ask("glance", { picture, maxSide, every, most }, [picture]);
  }

  look(picture, { evidence = false } = {}) {
    return this.#ask("look", { picture, evidence }, [picture]);
  }

  close() {
    this.worker?.terminate();
    this.#failed({ message: "closed" });
  }

  async #offer() {
    const offer = await json(this.address);
    if (offer.why) throw refusal(offer.why);
    return offer;
  }

  async #take({ card: address, trouble }) {
    try {
      await this.#ask("load", { card: await json(address) });
    } catch (error) {
      if (error.why === "golden") this.#tell(trouble);
      throw error;
    }
    this.model = address;
    return true;
  }

  // The site should know that its model answers wrongly here; nothing hangs on it.
  #tell(address) {
    const headers = { "X-CSRFToken": this.csrf };
    fetch(address, { method: "POST", headers }).catch(() => {});
  }

  #ask(act, wish, [picture] = []) {
    const id = (this.count += 1);
    const moved = picture instanceof ImageBitmap ? [picture] : [];
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, act, ...wish }, moved);
    });
  }

  #answered({ id, answer, why, message }) {
    const { resolve, reject } = this.waiting.get(id);
    this.waiting.delete(id);
    if (why) reject(refusal(why, message));
    else resolve(answer);
  }

  #failed({ message }) {
    for (const { reject } of this.waiting.values()) reject(refusal("fetch", message));
    this.waiting.clear();
  }
}

async function json(address) {
  try {
    const response = await fetch(address);
    if (!response.ok) throw new Error(`${response.status}`);
    return await response.json();
  } catch (error) {
    throw refusal("fetch", error);
  }
}
