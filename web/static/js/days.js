/** The strip of the last days, each with what was recorded in it. */
import { el } from "./dom.js";
import { covered } from "./footage.js";
import { t } from "./i18n.js";
import { serverNowUs } from "./server_clock.js";
import { dayAndMonth, dayStart, nextDay, previousDay, weekdayName } from "./zone.js";

const DAYS = 14;
const REFRESH_MS = 60_000;
const BAR_PX = 96;

export class DayStrip {
  /** @type {Map<number, HTMLButtonElement>} by the day's midnight */
  #buttons = new Map();

  /**
   * @param {HTMLElement} holder
   * @param {import("./footage_loader.js").FootageLoader} loader
   * @param {(startUs: number, endUs: number) => void} onPick
   */
  constructor(holder, loader, onPick) {
    this.holder = holder;
    this.loader = loader;
    this.onPick = onPick;
    this.#build();
    this.refresh();
    setInterval(() => { if (!document.hidden) this.refresh(); }, REFRESH_MS);
  }

  /** Mark the day that is looked at. @param {number} us */
  mark(us) {
    const current = dayStart(us);
    for (const [start, button] of this.#buttons) {
      if (start === current) button.setAttribute("aria-current", "date");
      else button.removeAttribute("aria-current");
    }
  }

  async refresh() {
    const today = dayStart(serverNowUs());
    if (!this.#buttons.has(today)) this.#build();
    const first = [...this.#buttons.keys()][0];
    const footage = await this.loader.ask(first, serverNowUs()).catch(() => null);
    if (!footage) return;
    for (const [start, button] of this.#buttons) this.#fill(start, button, footage);
  }

  recolour() {
    this.refresh();
  }

  #build() {
    const days = [dayStart(serverNowUs())];
    while (days.length < DAYS) days.unshift(previousDay(days[0]));
    this.#buttons.clear();
    for (const start of days) this.#buttons.set(start, this.#button(start));
    this.holder.replaceChildren(...this.#buttons.values());
    this.holder.scrollLeft = this.holder.scrollWidth;
  }

  /** @param {number} start */
  #button(start) {
    const bar = el("canvas", { width: BAR_PX, height: 6 });
    return /** @type {HTMLButtonElement} */ (el("button", { type: "button", class: "day",
      onclick: () => this.onPick(start, nextDay(start)) },
    el("span", {}, weekdayName(start)), el("b", {}, dayAndMonth(start)),
    el("span", { class: "cover" }, bar)));
  }

  /** @param {number} start @param {HTMLButtonElement} button
   * @param {import("./footage.js").Footage} footage */
  #fill(start, button, footage) {
    const now = serverNowUs();
    const end = nextDay(start);
    const recorded = covered(footage.runs, start, end, now);
    const part = Math.floor((recorded / (Math.min(end, now) - start)) * 1000) / 10;
    button.disabled = recorded === 0;
    const words = recorded ? t("{n} % recorded", { n: part }) : t("No footage");
    button.title = words;
    button.setAttribute("aria-label", `${weekdayName(start)} ${dayAndMonth(start)}, ${words}`);
    const canvas = /** @type {HTMLCanvasElement} */ (button.querySelector("canvas"));
    const g = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    g.clearRect(0, 0, BAR_PX, 6);
    g.fillStyle = getComputedStyle(canvas).getPropertyValue("--run");
    for (const run of footage.runs) {
      const from = ((run.startUs - start) / (end - start)) * BAR_PX;
      const to = (((run.endUs ?? now) - start) / (end - start)) * BAR_PX;
      if (to > 0 && from < BAR_PX) g.fillRect(from, 0, Math.max(to - from, 1), 6);
    }
  }
}
