// The way without the site: the engine looks at the frames in this browser, and no
// picture leaves it.

import { Engine } from "./engine/engine.js";
import { Pace } from "./engine/pace.js";

const FOLLOW_EVERY = 30_000; // ms: a promotion is seen within a minute

export class DeviceWay {
  // `on.fail(why)` is called once, where the engine cannot go on.
  constructor(address, { csrf, on }) {
    this.engine = new Engine(address, csrf);
    this.pace = new Pace();
    this.on = on;
  }

  // Rejects as the engine does.
  async open() {
    await this.engine.open();
    this.followedAt = performance.now();
  }

  async look(canvas) {
    this.#follow();
    try {
      const picture = await createImageBitmap(canvas);
      const { took, ...answer } = await this.engine.glance(picture, this.pace);
      this.pace.learn(took, answer.faces);
      return { answer, took };
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  stop() {}

  // The site's current model takes over between two frames. Where only the network is
  // away, the one that is here goes on.
  async #follow() {
    if (performance.now() - this.followedAt < FOLLOW_EVERY) return;
    this.followedAt = performance.now();
    try {
      await this.engine.follow();
    } catch (error) {
      if (error.why !== "fetch") this.#fail(error);
    }
  }

  #fail({ why = "broken" }) {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.engine.close();
    this.on.fail(why);
  }
}
