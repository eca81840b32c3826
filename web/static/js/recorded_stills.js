/**
 * Recorded pictures one at a time, for a codec that the browser cannot play. It has the
 * face of `RecordedPlayer`, so that whoever drives one can drive the other.
 */
import { stillUrl } from "./api.js";
import { el } from "./dom.js";
import { playableFrom } from "./footage.js";
import { serverNowUs } from "./server_clock.js";
import { DAY, SECOND, rfc3339 } from "./zone.js";

const STEP = SECOND;
const FRAME = SECOND / 25;
const EDGE = 3 * SECOND;

export class RecordedStills {
  #us = 0;
  #rate = 1;
  #isWanted = true;
  #isClosed = false;
  #timer = 0;

  /** @param {ConstructorParameters<typeof
   *   import("./recorded_player.js").RecordedPlayer>[0]} options */
  constructor({ cameraId, role, loader, onNews, onTime }) {
    this.cameraId = cameraId;
    this.role = role;
    this.loader = loader;
    this.onNews = onNews;
    this.onTime = onTime;
    this.image = /** @type {HTMLImageElement} */ (el("img", { alt: "" }));
    this.element = el("div", { class: "picture" }, this.image);
    this.image.addEventListener("load", () => this.#next());
    this.image.addEventListener("error", () => this.#next());
  }

  get timeUs() {
    return this.#us;
  }

  get isPaused() {
    return !this.#isWanted;
  }

  /** @param {number} us */
  async seek(us) {
    const edge = serverNowUs() - EDGE;
    const wanted = Math.min(us, edge);
    await this.loader.have(wanted - DAY, wanted + DAY);
    if (this.#isClosed) return;
    const from = playableFrom(this.loader.footage, wanted);
    if (from === null || from > edge) this.onNews({ kind: "live-edge", us: wanted });
    else this.#show(from);
  }

  play() {
    this.#isWanted = true;
    this.#next();
  }

  pause() {
    this.#isWanted = false;
    clearTimeout(this.#timer);
  }

  /** @param {number} rate */
  setRate(rate) {
    this.#rate = rate;
  }

  /** Stills have no sound. */
  setMuted() {}

  /** @param {1 | -1} direction */
  async step(direction) {
    this.pause();
    this.#show(this.#us + direction * FRAME);
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.element.remove();
  }

  /** @param {number} us */
  #show(us) {
    this.#us = us;
    this.onTime(us);
    this.onNews({ kind: "unplayable", us });
    this.image.src = stillUrl(this.cameraId, this.role, { at: rfc3339(us), isExact: true });
  }

  /** The next picture, a second later, when this one has been seen. */
  #next() {
    clearTimeout(this.#timer);
    if (!this.#isWanted || this.#isClosed) return;
    this.#timer = setTimeout(() => this.seek(this.#us + STEP * Math.max(this.#rate, 1)),
      1000 / Math.min(this.#rate, 1));
  }
}
