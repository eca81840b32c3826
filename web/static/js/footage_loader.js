/** Runs and gaps from the API, for the stretch that is looked at and some around it. */
import { get } from "./api.js";
import { noFootage, readFootage } from "./footage.js";
import { serverNowUs } from "./server_clock.js";
import { rfc3339 } from "./zone.js";

const REFRESH_MS = 5000;

export class FootageLoader {
  footage = noFootage();
  #startUs = 0;
  #endUs = 0;
  /** Requests follow each other, so that the newest answer is the one that stays. */
  #last = Promise.resolve();
  #isWaiting = false;

  /** @param {string} cameraId @param {string} role @param {() => void} [onChange] */
  constructor(cameraId, role, onChange = () => {}) {
    this.cameraId = cameraId;
    this.role = role;
    this.onChange = onChange;
    this.timer = setInterval(() => this.#refresh(), REFRESH_MS);
  }

  close() {
    clearInterval(this.timer);
  }

  /** Make sure that an interval is known, sooner or later. @param {number} startUs
   * @param {number} endUs */
  want(startUs, endUs) {
    this.#wanted = { startUs, endUs };
    if (this.#isKnown(startUs, endUs) || this.#isWaiting) return;
    this.#isWaiting = true;
    this.#last = this.#last.then(async () => {
      this.#isWaiting = false;
      // Meanwhile the view may have moved on.
      const { startUs: from, endUs: to } = this.#wanted;
      if (!this.#isKnown(from, to)) await this.#load(from - (to - from), to + (to - from));
    });
  }

  /** Make sure, and wait for it. @param {number} startUs @param {number} endUs */
  async have(startUs, endUs) {
    this.#last = this.#last.then(async () => {
      if (!this.#isKnown(startUs, endUs)) await this.#load(startUs, endUs);
    });
    await this.#last;
  }

  /** Ask for an interval without keeping it. @param {number} startUs @param {number} endUs */
  async ask(startUs, endUs) {
    const query = new URLSearchParams({ role: this.role, start: rfc3339(Math.round(startUs)),
      end: rfc3339(Math.round(endUs)) });
    return readFootage(await get(`/cameras/${this.cameraId}/timeline?${query}`));
  }

  #wanted = { startUs: 0, endUs: 0 };

  /** @param {number} startUs @param {number} endUs */
  #isKnown(startUs, endUs) {
    return startUs >= this.#startUs && endUs <= this.#endUs;
  }

  #refresh() {
    const hasPresent = this.#endUs > serverNowUs() - 60e6;
    if (document.hidden || !hasPresent || this.#isWaiting) return;
    this.#last = this.#last.then(() => this.#load(this.#startUs, this.#endUs));
  }

  /** @param {number} startUs @param {number} endUs */
  async #load(startUs, endUs) {
    try {
      this.footage = await this.ask(startUs, endUs);
      this.#startUs = startUs;
      this.#endUs = endUs;
      this.onChange();
    } catch {
      // What is shown stays; the next refresh tries again.
    }
  }
}
