// How much of a frame is looked at, by what this device has managed so far: all of it
// only now and then, at 640 px where that leaves time, else at less; and no more faces
// anew than fit into a frame's time.

const SIDES = [640, 480, 320]; // px
const EVERY = 4; // frames: between, faces are followed where they were
const ONE_FACE = 1000 / 28; // ms for a look at one face, to answer 25 a second
const SEVERAL = 1000 / 18; // ms for a look at several, to answer 15 a second
const ROOM = 0.7; // of the time, below which a larger side is tried
const FRESH = 0.2; // what the latest look counts for

export class Pace {
  constructor() {
    this.place = 0;
    this.every = EVERY;
    this.detect = this.face = 0; // ms, averaged; `face` for each one that was asked about
  }

  get maxSide() {
    return SIDES[this.place];
  }

  get most() {
    if (!this.face) return Infinity;
    return Math.max(1, Math.floor((SEVERAL - this.detect) / this.face));
  }

  // `took`: ms by step, of a look that answered for `faces`.
  learn({ decode, detect, classify }, faces) {
    this.detect = mixed(this.detect, decode + detect);
    const asked = faces.filter((face) => !face.is_old).length;
    if (asked) this.face = mixed(this.face, classify / asked);
    this.#choose();
  }

  #choose() {
    const one = this.detect + this.face;
    if (one > ONE_FACE && this.place < SIDES.length - 1) this.#move(1);
    else if (this.place > 0 && this.face + this.#costs(-1) < ROOM * ONE_FACE) this.#move(-1);
  }

  // What the detector would take at the next side, for it looks at areas.
  #costs(step) {
    return this.detect * (SIDES[this.place + step] / this.maxSide) ** 2;
  }

  #move(step) {
    this.detect = this.#costs(step);
    this.place += step;
  }
}

function mixed(old, fresh) {
  return old ? (1 - FRESH) * old + FRESH * fresh : fresh;
}
