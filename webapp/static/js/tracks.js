// Faces keep their identity over frames, and their expression does not flicker.

const SAME = 0.25; // overlap (intersection over union) from which it is the same face
const GONE_AFTER = 700; // ms without being found
const SMOOTH = 500; // ms: the time constant of the smoothing
const SWITCH = 0.08; // another expression must lead by so much to take over

export class Tracks {
  constructor() {
    this.list = [];
    this.count = 0; // faces ever seen
  }

  // Takes the faces of one answer, at a time in ms; gives the tracks, largest first.
  update(faces, now) {
    const free = new Set(this.list);
    for (const face of faces) {
      const track = nearest(face.box, free) ?? this.#begin(face, now);
      free.delete(track);
      follow(track, face, now);
    }
    this.list = this.list.filter((track) => now - track.seenAt < GONE_AFTER);
    this.list.sort((a, b) => area(b.box) - area(a.box));
    return this.list;
  }

  #begin(face, now) {
    this.count += 1;
    const track = {
      id: this.count,
      box: face.box,
      probabilities: { ...face.probabilities },
      emotion: face.emotion,
      since: now,
      seenAt: now,
    };
    this.list.push(track);
    return track;
  }
}

function follow(track, face, now) {
  const weight = 1 - Math.exp(-(now - track.seenAt) / SMOOTH);
  const smooth = track.probabilities;
  for (const [name, value] of Object.entries(face.probabilities)) {
    smooth[name] += (value - smooth[name]) * weight;
  }
  const best = winner(smooth);
  if (smooth[best] > smooth[track.emotion] + SWITCH) track.emotion = best;
  track.box = face.box;
  track.raw = face.probabilities;
  track.seenAt = now;
}

function nearest(box, tracks) {
  let best = null;
  let most = SAME;
  for (const track of tracks) {
    const share = overlap(box, track.box);
    if (share > most) [best, most] = [track, share];
  }
  return best;
}

export function winner(probabilities) {
  const names = Object.keys(probabilities);
  return names.reduce((a, b) => (probabilities[b] > probabilities[a] ? b : a));
}

export function overlap([x, y, w, h], [u, v, s, t]) {
  const width = Math.min(x + w, u + s) - Math.max(x, u);
  const height = Math.min(y + h, v + t) - Math.max(y, v);
  if (width <= 0 || height <= 0) return 0;
  const both = width * height;
  return both / (w * h + s * t - both);
}

function area([, , w, h]) {
  return w * h;
}
