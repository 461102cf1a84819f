// Sends frames to the API one at a time: the next one leaves when the answer is back, so
// the pace is whatever camera, network and site can keep up.

const LONGEST_SIDE = 640; // px: the face finder looks at no more
const QUALITY = 0.8;
const SHORTEST = 1000 / 29; // ms between frames: the site counts up to 30 a second
const FIRST_REST = 500; // ms, doubled with every refusal in a row
const LONGEST_REST = 8000;

export class Looker {
  // `on.answer(answer, frame)`, `on.rest(seconds, why)`; frame: canvas, sentAt, took.
  constructor(video, { url, csrf, on }) {
    Object.assign(this, { video, url, csrf, on });
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
    this.request?.abort();
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
    const canvas = this.#grab();
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
    const encoded = performance.now();
    let response;
    try {
      this.request = new AbortController();
      response = await fetch(this.url, {
        method: "POST",
        body: blob,
        headers: { "Content-Type": "image/jpeg", "X-CSRFToken": this.csrf },
        signal: this.request.signal,
      });
      if (!response.ok) return this.#refused(response);
      const answer = await response.json();
      this.refusals = 0;
      const answered = performance.now();
      const took = {
        encode: encoded - began,
        ...serverTiming(response),
        fetch: answered - encoded,
        total: answered - began,
      };
      if (this.isOn) this.on.answer(answer, { canvas, sentAt: began, took });
      return 0;
    } catch {
      return this.isOn ? this.#refused(null) : 0;
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

  #refused(response) {
    const asked = 1000 * Number(response?.headers.get("Retry-After") ?? 0);
    const own = Math.min(LONGEST_REST, FIRST_REST * 2 ** this.refusals);
    this.refusals += 1;
    const rest = Math.max(asked, own);
    this.on.rest(Math.ceil(rest / 1000), response ? "busy" : "offline");
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

// decode;dur=1.2, detect;dur=4.4 as {decode: 1.2, detect: 4.4}
function serverTiming(response) {
  const parts = (response.headers.get("Server-Timing") ?? "").split(",");
  const steps = parts.map((part) => part.trim().split(";dur="));
  return Object.fromEntries(
    steps.filter(([name, ms]) => name && ms).map(([name, ms]) => [name, Number(ms)]),
  );
}
