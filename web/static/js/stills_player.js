/** Single pictures, one after the other, where a browser cannot play the video. */
import { stillUrl } from "./api.js";
import { el } from "./dom.js";

const PAUSE_MS = 2000;
const AFTER_ERROR_MS = 8000;

export class StillsPlayer {
  #timer = 0;

  /** @param {string} cameraId @param {string} role @param {HTMLElement} holder */
  constructor(cameraId, role, holder) {
    this.cameraId = cameraId;
    this.role = role;
    this.image = /** @type {HTMLImageElement} */ (el("img", { alt: "", hidden: true }));
    this.image.addEventListener("load", () => {
      this.image.hidden = false;
      this.#later(PAUSE_MS);
    });
    this.image.addEventListener("error", () => this.#later(AFTER_ERROR_MS));
    holder.append(this.image);
  }

  start() {
    const width = Math.min(1920, Math.round((this.image.parentElement?.clientWidth || 640)
      * devicePixelRatio));
    const url = stillUrl(this.cameraId, this.role, { width });
    this.image.src = `${url}&n=${Date.now()}`;
  }

  stop() {
    clearTimeout(this.#timer);
    this.image.src = "";
    this.image.remove();
  }

  /** @param {number} ms */
  #later(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.start(), ms);
  }
}
