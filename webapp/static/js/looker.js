// Looks at the camera's pictures one at a time: the next one goes off when the answer is
// back, so the pace is whatever the camera and the way to the answer can keep up. There
// are two ways: site_way.js and device_way.js.

const LONGEST_SIDE = 640; // px: the face finder looks at no more
const SHORTEST = 1000 / 29; // ms between frames: the site counts up to 30 a second
const FIRST_REST = 500; // ms, doubled with every refusal in a row
const LONGEST_REST = 8000;

export class Looker {
  // `way.look(canvas)` gives {answer, took} or rejects; an error's `why` has a sentence on
  // the page, its `seconds` are what was asked for.
  // `on.answer(answer, frame)`, `on.rest(seconds, why)`; frame: canvas, sentAt, took.
  constructor(video, { on }) {
    Object.assign(this, { video, on });
    this.way = null; // may be another one between two frames
    this.isOn = false;
    this.refusals = 0;
    // Two canvases take turns, so that the answered frame can still be drawn.
    this.canvases = [new OffscreenCanvas(1, 1), new OffscreenCanvas(1, 1)];
    this.wake = () => {};
    document.addEventListener("visibilitychange", () => this.wake());
  }

  start() {
    if (this.isOn) return;
    this.isOn = true;
    this.#run();
  }

  stop() {
    this.isOn = false;
    this.way?.stop();
    this.wake();
  }

  async #run() {
    while (this.isOn) {
      if (document.hidden) {
        this.on.rest(0, "resting");
        await new Promise((done) => (this.wake = done));
        continue;
      }
      const began = performance.now();
      const rest = await this.#one(began);
      const left = Math.max(rest, SHORTEST - (performance.now() - began));
      if (left > 0) await this.#sleep(left);
    }
  }

  // Looks at one frame; gives the ms to rest afterwards.
  async #one(began) {
    if (!this.video.videoWidth) return 100;
    const { way } = this;
    try {
      const canvas = this.#grab();
      const { answer, took } = await way.look(canvas);
      this.refusals = 0;
      const whole = { ...took, total: performance.now() - began };
      if (this.isOn) this.on.answer(answer, { canvas, sentAt: began, took: whole });
      return 0;
    } catch (error) {
      return this.isOn && way === this.way ? this.#refused(error) : 0;
    }
  }

  #grab() {
    this.canvases.reverse();
    const canvas = this.canvases[0];
    const { videoWidth, videoHeight } = this.video;
    const scale = Math.min(1, LONGEST_SIDE / Math.max(videoWidth, videoHeight));
    canvas.width = Math.round(videoWidth * scale);
    canvas.height = Math.round(videoHeight * scale);
    canvas.getContext("2d").drawImage(this.video, 0, 0, canvas.width, canvas.height);
    return canvas;
  }

  #refused({ why = "offline", seconds = 0 }) {
    const own = Math.min(LONGEST_REST, FIRST_REST * 2 ** this.refusals);
    this.refusals += 1;
    const rest = Math.max(1000 * seconds, own);
    this.on.rest(Math.ceil(rest / 1000), why);
    return rest;
  }

  #sleep(ms) {
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      this.wake = () => {
        clearTimeout(timer);
        done();
      };
    });
  }
}
