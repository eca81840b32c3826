/** Runs and gaps from the API, for the stretch that is looked at and some around it. */
import { get } from "./api.js";
import { noFootage, readFootage } from "./footage.js";
import { serverNowUs } from "./server_clock.js";
import { rfc3339 } from "./zone.js";

const REFRESH_MS = 4000;

export class FootageLoader {
  footage = noFootage();
  #startUs = 0;
  #endUs = 0;
  #isLoading = false;
  /** @type {{startUs: number, endUs: number} | null} */
  #next = null;

  /** @param {string} cameraId @param {string} role @param {() => void} onChange */
  constructor(cameraId, role, onChange) {
    this.cameraId = cameraId;
    this.role = role;
    this.onChange = onChange;
    setInterval(() => this.#refresh(), REFRESH_MS);
  }

  /** Make sure that an interval is known. @param {number} startUs @param {number} endUs */
  want(startUs, endUs) {
    if (startUs >= this.#startUs && endUs <= this.#endUs) return;
    const span = endUs - startUs;
    this.#load(startUs - span, endUs + span);
  }

  /** Make sure, and wait for it. @param {number} startUs @param {number} endUs */
  async have(startUs, endUs) {
    if (startUs >= this.#startUs && endUs <= this.#endUs) return;
    await this.#load(Math.min(startUs, this.#startUs || startUs), Math.max(endUs, this.#endUs));
  }

  /** Ask for an interval without keeping it. @param {number} startUs @param {number} endUs */
  async ask(startUs, endUs) {
    const query = new URLSearchParams({ role: this.role, start: rfc3339(startUs),
      end: rfc3339(endUs) });
    return readFootage(await get(`/cameras/${this.cameraId}/timeline?${query}`));
  }

  #refresh() {
    const hasPresent = this.#endUs > serverNowUs() - 60e6;
    if (!document.hidden && hasPresent) this.#load(this.#startUs, this.#endUs);
  }

  /** One request at a time; only the newest wish is kept. @param {number} startUs
   * @param {number} endUs */
  async #load(startUs, endUs) {
    if (this.#isLoading) {
      this.#next = { startUs, endUs };
      return;
    }
    this.#isLoading = true;
    try {
      this.footage = await this.ask(Math.round(startUs), Math.round(endUs));
      this.#startUs = startUs;
      this.#endUs = endUs;
      this.onChange();
    } catch {
      // What is shown stays; the next refresh tries again.
    } finally {
      this.#isLoading = false;
    }
    const next = this.#next;
    this.#next = null;
    if (next) await this.#load(next.startUs, next.endUs);
  }
}
