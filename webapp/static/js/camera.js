// The camera, for the snapshot, for giving and for the live page alike.

export class Camera {
  // `width`: px that are wished for; the browser comes as near as it can.
  constructor(video, { width = 640 } = {}) {
    this.video = video;
    this.width = width;
    this.facing = "user";
    this.stream = null;
  }

  // Resolves once pictures come; rejects with an Error whose `why` is denied, missing,
  // busy or insecure.
  async start() {
    if (!navigator.mediaDevices?.getUserMedia) throw problem("insecure");
    this.stop();
    const size = { width: { ideal: this.width }, height: { ideal: (this.width * 3) / 4 } };
    const wish = { facingMode: this.facing, ...size };
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: wish, audio: false });
    } catch (error) {
      throw problem(WHY[error.name] ?? "missing");
    }
    this.video.srcObject = this.stream;
    await this.video.play();
  }

  stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
  }

  get isOn() {
    return this.stream !== null;
  }

  async flip() {
    this.facing = this.facing === "user" ? "environment" : "user";
    await this.start();
  }

  // One frame as a JPEG, never mirrored: what is seen by others, not by the mirror.
  async snapshot(quality = 0.92) {
    const canvas = new OffscreenCanvas(this.video.videoWidth, this.video.videoHeight);
    canvas.getContext("2d").drawImage(this.video, 0, 0);
    return canvas.convertToBlob({ type: "image/jpeg", quality });
  }

  // Counts down by `show(seconds)`, at last 0; false where the camera was closed meanwhile.
  async countDown(seconds, show) {
    for (let left = seconds; left > 0 && this.isOn; left--) {
      show(left);
      await new Promise((done) => setTimeout(done, 1000));
    }
    show(0);
    return this.isOn;
  }
}

const WHY = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

function problem(why) {
  const error = new Error(why);
  error.why = why;
  return error;
}
