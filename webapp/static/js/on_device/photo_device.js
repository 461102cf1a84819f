// A photo looked at by this device: opened by the browser, looked at by the engine. The
// photo goes nowhere. Rejects as the engine does, or with `format` where the browser
// cannot open the file.

import { Engine } from "../engine/engine.js";
import { refusal } from "../engine/refusal.js";

const FOLLOW_EVERY = 30_000; // ms: a promotion is seen within a minute
const LEAST_SIDE = 1280; // px, where memory is short

// Why this browser cannot look by itself, as far as is known without trying; or null.
export function whyNot() {
  if (typeof WebAssembly !== "object") return "no_wasm";
  const needed = ["Worker", "OffscreenCanvas", "createImageBitmap"];
  return needed.every((name) => name in globalThis) ? null : "broken";
}

export class PhotoDevice {
  // `mostSide`: px, to which the site too shrinks what it looks at.
  constructor({ address, csrf, mostSide }) {
    Object.assign(this, { address, csrf, mostSide });
    this.opening = null;
    this.isOpen = false;
  }

  // {bitmap, seen, isSmaller}: the photo, the caller's to close; what is seen in it, in
  // pixels of the whole photo; whether less of it was looked at than the site would.
  async look(file) {
    try {
      return await this.#lookAt(file, this.mostSide);
    } catch (error) {
      if (error.why !== "memory") throw error;
      const all = await this.#lookAt(file, LEAST_SIDE);
      return { ...all, isSmaller: true };
    }
  }

  async #lookAt(file, mostSide) {
    const { bitmap, width, height } = await opened(file, mostSide);
    try {
      // The engine takes its copy with it.
      const copy = await createImageBitmap(bitmap);
      const seen = await this.engine.look(copy, { evidence: true });
      return { bitmap, seen: inWhole(seen, width, height), isSmaller: false };
    } catch (error) {
      bitmap.close();
      throw error;
    }
  }

  // Fetches what is needed, once, and asks for the site's current model.
  async open() {
    this.opening ??= this.#start();
    try {
      await this.opening;
      this.isOpen = true;
      await this.#follow();
    } catch (error) {
      this.engine.close();
      this.opening = null; // the next photo tries again
      this.isOpen = false;
      throw error;
    }
  }

  #start() {
    this.engine = new Engine(this.address, this.csrf);
    this.followedAt = performance.now();
    return this.engine.open();
  }

  // The site's current model answers. Where only the network is away, the one that is
  // here goes on.
  async #follow() {
    if (performance.now() - this.followedAt < FOLLOW_EVERY) return;
    this.followedAt = performance.now();
    await this.engine.follow().catch((error) => {
      if (error.why !== "fetch") throw error;
    });
  }
}

function inWhole(seen, width, height) {
  const scale = Math.max(width, height) / Math.max(seen.width, seen.height);
  const faces = seen.faces.map((face) => ({
    ...face,
    box: face.box.map((side) => Math.round(side * scale)),
  }));
  return { ...seen, width, height, faces };
}

// {bitmap, width, height}: upright, on white, the bitmap at most `mostSide` px, as the
// site has it (ml/vision/decode.py); and how large the photo is.
async function opened(file, mostSide) {
  let whole;
  try {
    whole = await createImageBitmap(file);
  } catch (error) {
    throw refusal("format", error);
  }
  const { width, height } = whole;
  const scale = Math.min(1, mostSide / Math.max(width, height));
  if (scale === 1 && file.type === "image/jpeg") return { bitmap: whole, width, height };
  try {
    const [w, h] = [width, height].map((side) => Math.max(1, Math.round(side * scale)));
    const canvas = new OffscreenCanvas(w, h);
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, w, h);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(whole, 0, 0, w, h);
    whole.close();
    return { bitmap: canvas.transferToImageBitmap(), width, height };
  } catch (error) {
    throw refusal("memory", error);
  }
}
