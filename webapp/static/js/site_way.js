// The way by the site: a frame is sent to the API as a JPEG, and the answer comes back.

const QUALITY = 0.8;

export class SiteWay {
  constructor({ url, csrf }) {
    Object.assign(this, { url, csrf });
  }

  async look(canvas) {
    const began = performance.now();
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
    const encoded = performance.now();
    this.request = new AbortController();
    const response = await fetch(this.url, {
      method: "POST",
      body: blob,
      headers: { "Content-Type": "image/jpeg", "X-CSRFToken": this.csrf },
      signal: this.request.signal,
    });
    if (!response.ok) throw refused(response);
    const answer = await response.json();
    const fetched = performance.now() - encoded;
    return { answer, took: { encode: encoded - began, ...serverTiming(response), fetch: fetched } };
  }

  stop() {
    this.request?.abort();
  }
}

function refused(response) {
  const seconds = Number(response.headers.get("Retry-After") ?? 0);
  return Object.assign(new Error(response.status), { why: "busy", seconds });
}

// decode;dur=1.2, detect;dur=4.4 as {decode: 1.2, detect: 4.4}
function serverTiming(response) {
  const parts = (response.headers.get("Server-Timing") ?? "").split(",");
  const steps = parts.map((part) => part.trim().split(";dur="));
  return Object.fromEntries(
    steps.filter(([name, ms]) => name && ms).map(([name, ms]) => [name, Number(ms)]),
  );
}
