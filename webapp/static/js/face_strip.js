// The strip of faces to keep: drawn in the browser, and nowhere else.

import { percent } from "./said.js";

const SIDE = 256; // px of a face
const EDGE = 24;
const CAPTION = 84;
const SANS = '"Segoe UI", Roboto, "Liberation Sans", sans-serif';
const EMOJI = '"Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji", sans-serif';

// `faces`: [{src, emoji, word, share}]; gives a PNG.
export async function faceStrip(faces) {
  const width = EDGE + faces.length * (SIDE + EDGE);
  const canvas = new OffscreenCanvas(width, SIDE + CAPTION + EDGE);
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#faf9f6";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  for (const [place, face] of faces.entries()) {
    await draw(pen, face, EDGE + place * (SIDE + EDGE));
  }
  return canvas.convertToBlob({ type: "image/png" });
}

async function draw(pen, { src, emoji, word, share }, x) {
  const img = new Image();
  img.src = src;
  await img.decode();
  pen.save();
  pen.beginPath();
  pen.roundRect(x, EDGE, SIDE, SIDE, 16);
  pen.clip();
  pen.drawImage(img, x, EDGE, SIDE, SIDE);
  pen.restore();
  const [middle, line] = [x + SIDE / 2, EDGE + SIDE + CAPTION / 2];
  pen.font = `36px ${EMOJI}`;
  pen.fillText(emoji, x + 28, line);
  pen.fillStyle = "#1f1c19";
  pen.font = `600 26px ${SANS}`;
  pen.fillText(word, middle + 12, line - 14);
  pen.fillStyle = "#655f57";
  pen.font = `20px ${SANS}`;
  pen.fillText(percent(share), middle + 12, line + 18);
}
