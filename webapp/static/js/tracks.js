// Faces keep their identity over frames, and their expression does not flicker: the same
// as ml/video/tracking.py, by the same rules (ml/video/session.json). Times in seconds.
// Where a face was found but not asked about (`is_old`), it moves and its look stays.

export class Tracks {
  constructor(rules) {
    this.rules = rules;
    this.now = []; // in sight, or missed for a moment only
    this.gone = []; // left, and may come back
    this.count = 0; // faces ever seen
  }

  // Takes the faces of one answer; gives their tracks, in their order. A face has left
  // where it was looked for: a pause of the camera makes nobody a stranger. Who left is
  // known again for a while, at the same place and with a like look.
  update(faces, time) {
    const { least_overlap } = this.rules;
    const boxes = (list) => list.map(({ box }) => box);
    const pairs = pair(boxes(this.now), boxes(faces), least_overlap);
    const known = new Map(pairs.map(([former, latter]) => [latter, this.now[former]]));
    const seen = faces.map((face, place) => {
      const track = known.get(place) ?? this.#returned(face, time);
      return track ? this.#follow(track, face, time) : this.#begin(face, time);
    });
    this.#letGo(time);
    return seen;
  }

  #returned({ box, probabilities }, time) {
    const { longest_seconds, least_overlap, least_likeness } = this.rules.returning;
    this.gone = this.gone.filter((track) => time - track.seen < longest_seconds);
    const place = this.gone.findLastIndex(
      (track) =>
        overlap(track.box, box) >= least_overlap &&
        likeness(track.smooth, probabilities) >= least_likeness,
    );
    if (place < 0) return undefined;
    const [track] = this.gone.splice(place, 1);
    this.now.push(track);
    return track;
  }

  #letGo(time) {
    const { memory_seconds } = this.rules;
    const isMissed = (track) => time - track.seen >= memory_seconds;
    this.gone.push(...this.now.filter(isMissed));
    this.now = this.now.filter((track) => !isMissed(track));
  }

  #begin({ box, probabilities }, time) {
    this.count += 1;
    const track = {
      id: this.count,
      box,
      raw: probabilities,
      smooth: probabilities,
      emotion: winner(probabilities),
      since: time,
      seen: time,
      asked: time,
      isOld: false,
    };
    this.now.push(track);
    return track;
  }

  #follow(track, { box, probabilities, is_old: isOld = false }, time) {
    Object.assign(track, { box, seen: time, isOld });
    if (isOld) return track;
    const { smoothing_seconds, switch_lead } = this.rules;
    const passed = time - track.asked;
    track.smooth = smoothed(track.smooth, probabilities, passed, smoothing_seconds);
    track.emotion = settled(track.emotion, track.smooth, switch_lead);
    return Object.assign(track, { raw: probabilities, asked: time });
  }
}

// Places [old, fresh] of boxes that are the same face, the best overlaps first.
export function pair(old, fresh, least) {
  const candidates = old
    .flatMap((a, i) => fresh.map((b, j) => [overlap(a, b), i, j]))
    .filter(([share]) => share >= least)
    .sort((a, b) => b[0] - a[0] || a[1] - b[1] || a[2] - b[2]);
  const pairs = [];
  for (const [, i, j] of candidates) {
    if (!pairs.some(([former, latter]) => former === i || latter === j)) pairs.push([i, j]);
  }
  return pairs;
}

// The new look, blended with the old one by the time that lies between.
export function smoothed(old, fresh, seconds, over) {
  const keep = Math.exp(-Math.max(0, seconds) / over);
  const blend = ([name, value]) => [name, keep * old[name] + (1 - keep) * value];
  return Object.fromEntries(Object.entries(fresh).map(blend));
}

// The emotion that holds: the former one until another leads clearly.
export function settled(emotion, smooth, lead) {
  const best = winner(smooth);
  return smooth[best] >= smooth[emotion] + lead ? best : emotion;
}

export function winner(probabilities) {
  const names = Object.keys(probabilities);
  return names.reduce((a, b) => (probabilities[b] > probabilities[a] ? b : a));
}

// Intersection over union, 0 to 1.
export function overlap([x, y, w, h], [u, v, s, t]) {
  const width = Math.min(x + w, u + s) - Math.max(x, u);
  const height = Math.min(y + h, v + t) - Math.max(y, v);
  if (width <= 0 || height <= 0) return 0;
  const common = width * height;
  return common / (w * h + s * t - common);
}

// What two looks have in common, 0 to 1.
function likeness(a, b) {
  return Object.keys(a).reduce((sum, name) => sum + Math.min(a[name], b[name]), 0);
}

export function area([, , w, h]) {
  return w * h;
}
