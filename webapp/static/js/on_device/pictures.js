// Pictures of a result as data: URLs, as the site makes them
// (webapp/presenters/detection.py): they lie in the page, and wait in its tab for Back.

// The photo, its longer side at most `side`.
export async function preview(bitmap, side) {
  const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(bitmap.width * scale)),
    Math.max(1, Math.round(bitmap.height * scale)),
  );
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return jpeg(canvas, 0.85);
}

// `crop`: {data, width, height}, four bytes a pixel.
export async function cropJpeg({ data, width, height }) {
  return jpeg(canvasOf(data, width, height), 0.9);
}

// What spoke for the winner more than for the others, to lay over the face.
// `evidence`: a map for each of `count` emotions, pixel by pixel.
export async function heatMap(evidence, winner, count, { side, glow, strongest }) {
  const pixels = evidence.length / count;
  const speaksFor = Float32Array.from({ length: pixels }, (_, i) => {
    const all = evidence.subarray(i * count, (i + 1) * count);
    const mean = all.reduce((a, b) => a + b, 0) / count;
    return Math.max(0, all[winner] - mean);
  });
  const most = Math.max(1e-6, ...speaksFor);
  const data = new Uint8ClampedArray(4 * pixels);
  speaksFor.forEach((value, i) => data.set([...glow, (255 * strongest * value) / most], 4 * i));
  const small = Math.sqrt(pixels);
  const canvas = new OffscreenCanvas(side, side);
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(canvasOf(data, small, small), 0, 0, side, side);
  return dataUrl(await canvas.convertToBlob({ type: "image/png" }));
}

function canvasOf(data, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const pixels = new ImageData(new Uint8ClampedArray(data), width, height);
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

async function jpeg(canvas, quality) {
  return dataUrl(await canvas.convertToBlob({ type: "image/jpeg", quality }));
}

function dataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(blob);
  });
}
