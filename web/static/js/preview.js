/** The small picture over the timeline: what was seen at the time under the pointer. */
import { stillUrl } from "./api.js";
import { rfc3339 } from "./zone.js";

const REST_MS = 160;
const WIDTH_PX = 240;
const MOST_KEPT = 60;

export class Preview {
  /** @type {Map<string, string>} pictures that were loaded, as object URLs */
  #kept = new Map();
  #timer = 0;
  #wanted = "";
  #isBusy = false;

  /** @param {HTMLImageElement} image @param {string} cameraId */
  constructor(image, cameraId) {
    this.image = image;
    this.cameraId = cameraId;
  }

  /**
   * Show the picture of a time as soon as the pointer rests.
   * @param {number | null} us null: none @param {number} grainUs times this near to each
   *     other are the same picture
   */
  show(us, grainUs = 1) {
    clearTimeout(this.#timer);
    this.#wanted = us === null ? "" : stillUrl(this.cameraId, "main",
      { at: rfc3339(Math.round(us / grainUs) * grainUs), width: WIDTH_PX });
    const kept = this.#kept.get(this.#wanted);
    this.image.hidden = kept === undefined;
    if (kept !== undefined) this.image.src = kept;
    else if (us !== null) this.#timer = setTimeout(() => this.#load(), REST_MS);
  }

  /** One at a time: a decoder is busy with each. */
  async #load() {
    if (this.#isBusy) return;
    this.#isBusy = true;
    const asked = this.#wanted;
    try {
      const answer = await fetch(asked);
      if (answer.ok) this.#keep(asked, URL.createObjectURL(await answer.blob()));
    } catch {
      // A preview that does not come is not missed.
    } finally {
      this.#isBusy = false;
    }
    if (this.#wanted === asked) {
      const kept = this.#kept.get(asked);
      this.image.hidden = kept === undefined;
      if (kept !== undefined) this.image.src = kept;
    } else if (this.#wanted && !this.#kept.has(this.#wanted)) {
      await this.#load();
    }
  }

  /** @param {string} address @param {string} picture */
  #keep(address, picture) {
    this.#kept.set(address, picture);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size <= MOST_KEPT) return;
    URL.revokeObjectURL(this.#kept.get(oldest) ?? "");
    this.#kept.delete(oldest);
  }
}
