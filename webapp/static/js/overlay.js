// What is drawn over the camera's picture: boxes that glide after the faces, with their
// emoji; or, as an avatar, the answered frame itself with every face covered.

const GLIDE = 70; // ms: the time constant with which a box follows its face

export class Overlay {
  constructor(video, canvas, emotions) {
    Object.assign(this, { video, canvas });
    this.known = Object.fromEntries(emotions.map((one) => [one.name, one]));
    this.pen = canvas.getContext("2d");
    this.isAvatar = false;
    this.isMirrored = true;
    this.drawTook = 0;
    this.places = new Map(); // track id -> the box as it is drawn
  }

  start() {
    this.isOn = true;
    this.tracks = [];
    this.frame = null;
    this.places.clear();
    const loop = (now) => {
      if (!this.isOn) return;
      this.#draw(now);
      requestAnimationFrame(loop);
    };
    requestAnimationFrame(loop);
  }

  stop() {
    this.isOn = false;
    this.pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  mirror(isMirrored) {
    this.isMirrored = isMirrored;
    this.canvas.classList.toggle("is-mirrored", isMirrored);
  }

  // Boxes are in pixels of the frame that was sent, `width` wide.
  show(tracks, frame, width) {
    this.tracks = tracks;
    this.frame = { ...frame, width };
    const shown = new Set(tracks.map(({ id }) => id));
    for (const id of this.places.keys()) if (!shown.has(id)) this.places.delete(id);
    if (this.isAvatar) this.#cover();
  }

  #draw(now) {
    const began = performance.now();
    const passed = now - (this.drawnAt ?? now);
    this.drawnAt = now;
    if (this.isAvatar || !this.frame) return; // an avatar is drawn frame by frame
    this.#clear(this.video.videoWidth, this.video.videoHeight);
    const scale = this.canvas.width / this.frame.width;
    for (const track of this.tracks) {
      const box = this.#glide(track, passed);
      this.#box(box.map((value) => value * scale), this.known[track.emotion]);
    }
    this.drawTook = performance.now() - began;
  }

  #cover() {
    const began = performance.now();
    const { canvas } = this.frame;
    this.#clear(canvas.width, canvas.height);
    this.pen.drawImage(canvas, 0, 0);
    for (const { box, emotion } of this.tracks) {
      const [x, y, w, h] = box;
      const [cx, cy, radius] = [x + w / 2, y + h / 2, 0.62 * Math.max(w, h)];
      // Under the emoji, for its font may have holes, or none for it.
      this.pen.fillStyle = this.known[emotion].colour;
      this.pen.beginPath();
      this.pen.arc(cx, cy, 0.97 * radius, 0, 2 * Math.PI);
      this.pen.fill();
      this.#emoji(this.known[emotion].emoji, cx, cy, 1.95 * radius);
    }
    this.drawTook = performance.now() - began;
  }

  #clear(width, height) {
    if (this.canvas.width !== width || this.canvas.height !== height) {
      Object.assign(this.canvas, { width, height });
    }
    this.pen.clearRect(0, 0, width, height);
  }

  #glide({ id, box }, passed) {
    const from = this.places.get(id) ?? box;
    const weight = 1 - Math.exp(-passed / GLIDE);
    const place = from.map((value, i) => value + (box[i] - value) * weight);
    this.places.set(id, place);
    return place;
  }

  #box([x, y, w, h], { colour, emoji }) {
    const { pen } = this;
    const line = Math.max(3, this.canvas.width / 200);
    for (const [stroke, width] of [
      ["#fff", 2 * line],
      [colour, line],
    ]) {
      pen.strokeStyle = stroke;
      pen.lineWidth = width;
      pen.beginPath();
      pen.roundRect(x, y, w, h, 0.08 * w);
      pen.stroke();
    }
    const size = Math.max(0.4 * w, this.canvas.width / 16);
    const corner = this.isMirrored ? x : x + w;
    this.#emoji(emoji, corner, Math.max(y, 0.6 * size), size);
  }

  #emoji(emoji, x, y, size) {
    const { pen } = this;
    pen.save();
    pen.translate(x, y);
    if (this.isMirrored) pen.scale(-1, 1); // the canvas is mirrored, the emoji is not
    pen.font = `${size}px "Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji", sans-serif`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(emoji, 0, 0);
    pen.restore();
  }
}
