// A frame or a photo as the engine looks at it: its pixels, and parts of it in other
// sizes. What comes as an ImageBitmap is scaled by the browser, which is quicker than our
// own arithmetic, and not to the grey the same as the server's.

import { fit, turnedSquare } from "./pixels.js";

const canvases = new Map(); // by what they are for; one of each is kept

export class View {
  constructor(picture) {
    this.bitmap = picture.data ? null : picture;
    this.pixels = picture.data ? picture : read("whole", picture, picture);
    this.width = this.pixels.width;
    this.height = this.pixels.height;
  }

  // The whole, its longer side at most `side`.
  scaled(side) {
    const scale = side / Math.max(this.width, this.height);
    if (scale >= 1) return this.pixels;
    if (!this.bitmap) return fit(this.pixels, side);
    const [width, height] = [this.width, this.height].map((one) => Math.round(one * scale));
    return read("scaled", this.bitmap, { width, height });
  }

  // The square of a side around (x, y), `pixels` wide.
  patch(x, y, side, pixels) {
    if (!this.bitmap) return turnedSquare(this.pixels, x, y, side, { roll: 0, pixels });
    const from = [x - side / 2, y - side / 2, side, side];
    return read("patch", this.bitmap, { width: pixels, height: pixels }, from);
  }

  close() {
    this.bitmap?.close();
  }
}

function read(name, bitmap, { width, height }, from = [0, 0, bitmap.width, bitmap.height]) {
  if (!canvases.has(name)) canvases.set(name, new OffscreenCanvas(1, 1));
  const canvas = canvases.get(name);
  if (canvas.width !== width || canvas.height !== height) {
    Object.assign(canvas, { width, height });
  }
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.clearRect(0, 0, width, height);
  pen.drawImage(bitmap, ...from, 0, 0, width, height);
  return pen.getImageData(0, 0, width, height);
}
