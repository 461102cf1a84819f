// The camera, for the snapshot and for the live page alike.

export class Camera {
  constructor(video) {
    this.video = video;
    this.facing = "user";
    this.stream = null;
  }

  // Resolves once pictures come; rejects with an Error whose `why` is denied, missing,
  // busy or insecure.
  async start() {
    if (!navigator.mediaDevices?.getUserMedia) throw problem("insecure");
    this.stop();
    const wish = { facingMode: this.facing, width: { ideal: 640 }, height: { ideal: 480 } };
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
