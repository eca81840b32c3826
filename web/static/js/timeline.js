/**
 * The timeline under a player: wheel and pinch zoom, drag to move, click to play from
 * there, Shift-drag (or the select button) to choose an interval.
 */
import { find, setText } from "./dom.js";
import { at } from "./footage.js";
import { t } from "./i18n.js";
import { Preview } from "./preview.js";
import { serverNowUs } from "./server_clock.js";
import { coloursOf, paint } from "./timeline_paint.js";
import * as viewport from "./viewport.js";
import { causeSentence, duration } from "./words.js";
import { DAY, day, time } from "./zone.js";

const CLICK_PX = 4;
const GRIP_PX = 8;
const REPAINT_MS = 1000;

/**
 * @typedef {{startUs: number, endUs: number}} Interval
 * @typedef {{kind: "pan" | "select" | "start" | "end", x: number, us: number,
 *   moved: boolean}} Drag `us` is the time under the finger when it came down
 */

export class Timeline {
  view = { startUs: 0, spanUs: DAY };
  /** @type {number | null} */
  headUs = null;
  /** @type {Interval | null} */
  selection = null;
  isSelecting = false;
  isFollowing = true;
  /** @type {number | null} */
  #hoverUs = null;
  /** @type {Map<number, number>} where the fingers are */
  #pointers = new Map();
  /** @type {Drag | null} */
  #drag = null;
  #isStale = false;
  /** @type {import("./timeline_paint.js").Colours} */
  #colours;

  /**
   * @param {HTMLElement} holder with a canvas and a `.timeline-tip`
   * @param {import("./footage_loader.js").FootageLoader} loader
   * @param {{onPick: (us: number) => void, onSelect: (interval: Interval | null) => void,
   *   onView: () => void}} listener
   */
  constructor(holder, loader, listener) {
    this.canvas = /** @type {HTMLCanvasElement} */ (find("canvas", holder));
    this.tip = /** @type {HTMLElement} */ (find(".timeline-tip", holder));
    this.preview = new Preview(find("img", this.tip), loader.cameraId);
    this.loader = loader;
    this.listener = listener;
    this.#colours = coloursOf(this.canvas);
    this.#listen();
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    setInterval(() => this.#tick(), REPAINT_MS);
  }

  /** @param {viewport.Viewport} view */
  show(view) {
    this.view = viewport.clamp(view, serverNowUs());
    this.loader.want(this.view.startUs, viewport.endOf(this.view));
    this.listener.onView();
    this.draw();
  }

  /** @param {number} factor below 1 comes closer @param {number} [anchorUs] */
  zoom(factor, anchorUs) {
    const head = this.headUs ?? serverNowUs();
    const isHeadSeen = head >= this.view.startUs && head <= viewport.endOf(this.view);
    const middle = this.view.startUs + this.view.spanUs / 2;
    this.show(viewport.zoom(this.view, factor, anchorUs ?? (isHeadSeen ? head : middle)));
  }

  /** @param {number} part of what is shown */
  pan(part) {
    this.isFollowing = false;
    this.show(viewport.pan(this.view, this.view.spanUs * part));
  }

  /** @param {number | null} us */
  setHead(us) {
    this.headUs = us;
    if (us !== null && this.isFollowing && !this.#drag) this.#follow(us);
    this.draw();
  }

  /** @param {Interval | null} interval */
  select(interval) {
    this.selection = interval;
    this.listener.onSelect(interval);
    this.draw();
  }

  recolour() {
    this.#colours = coloursOf(this.canvas);
    this.draw();
  }

  draw() {
    if (this.#isStale) return;
    this.#isStale = true;
    requestAnimationFrame(() => {
      this.#isStale = false;
      this.#paint();
    });
  }

  #paint() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const scale = devicePixelRatio;
    const isResized = this.canvas.width !== Math.round(width * scale)
      || this.canvas.height !== Math.round(height * scale);
    if (isResized) {
      this.canvas.width = Math.round(width * scale);
      this.canvas.height = Math.round(height * scale);
    }
    const g = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    g.setTransform(scale, 0, 0, scale, 0, 0);
    paint(g, { view: this.view, footage: this.loader.footage, nowUs: serverNowUs(),
      headUs: this.headUs, hoverUs: this.#hoverUs, selection: this.selection },
    this.#colours, width, height);
  }

  /** Time goes on even when nobody moves. */
  #tick() {
    const now = serverNowUs();
    const showsNow = viewport.endOf(this.view) > now - this.view.spanUs * 0.02;
    if (this.headUs === null && this.isFollowing && showsNow && !this.#drag) {
      this.show(viewport.clamp({ ...this.view, startUs: now }, now));
    }
    this.draw();
  }

  /** Turn the page when the head leaves the picture. @param {number} us */
  #follow(us) {
    const margin = this.view.spanUs * 0.04;
    if (us > viewport.endOf(this.view) - margin || us < this.view.startUs) {
      this.show({ ...this.view, startUs: Math.round(us - this.view.spanUs * 0.2) });
    }
  }

  #listen() {
    const canvas = this.canvas;
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#release(event));
    canvas.addEventListener("pointercancel", (event) => this.#forget(event));
    canvas.addEventListener("pointerleave", () => this.#hover(null));
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  /** @param {number} x */
  #timeAt(x) {
    return viewport.toTime(this.view, x, this.canvas.clientWidth);
  }

  /** @param {PointerEvent} event */
  #press(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, event.offsetX);
    const us = this.#timeAt(event.offsetX);
    const grip = this.#gripAt(event.offsetX);
    const kind = grip ?? (event.shiftKey || this.isSelecting ? "select" : "pan");
    this.#drag = { kind, x: event.offsetX, us, moved: false };
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.#pointers.has(event.pointerId)) {
      this.#hover(event.offsetX);
      return;
    }
    if (this.#pointers.size === 2) {
      this.#pinch(event);
      return;
    }
    this.#pointers.set(event.pointerId, event.offsetX);
    const drag = this.#drag;
    if (!drag) return;
    drag.moved ||= Math.abs(event.offsetX - drag.x) > CLICK_PX;
    if (drag.moved) this.#dragTo(drag, event.offsetX);
  }

  /** @param {Drag} drag @param {number} x */
  #dragTo(drag, x) {
    this.#hover(null);
    if (drag.kind === "pan") {
      this.canvas.classList.add("is-dragging");
      this.isFollowing = false;
      this.show(viewport.pan(this.view, drag.us - this.#timeAt(x)));
      return;
    }
    const us = Math.min(this.#timeAt(Math.min(Math.max(x, 0), this.canvas.clientWidth)),
      serverNowUs());
    const fixed = drag.kind === "start" ? this.selection?.endUs
      : drag.kind === "end" ? this.selection?.startUs : drag.us;
    const from = fixed ?? drag.us;
    if (drag.kind !== "select" && this.selection) {
      drag.kind = us < from ? "start" : "end";
    }
    this.select({ startUs: Math.min(from, us), endUs: Math.max(from, us) });
  }

  /** @param {PointerEvent} event */
  #release(event) {
    const drag = this.#drag;
    this.#forget(event);
    if (drag && !drag.moved && this.#pointers.size === 0) {
      this.isFollowing = true;
      this.listener.onPick(this.#timeAt(event.offsetX));
    }
  }

  /** @param {PointerEvent} event */
  #forget(event) {
    this.#pointers.delete(event.pointerId);
    this.#drag = null;
    this.canvas.classList.remove("is-dragging");
  }

  /** @param {PointerEvent} event */
  #pinch(event) {
    const before = [...this.#pointers.values()];
    this.#pointers.set(event.pointerId, event.offsetX);
    const now = [...this.#pointers.values()];
    const wide = Math.max(Math.abs(before[1] - before[0]), 10);
    const wider = Math.max(Math.abs(now[1] - now[0]), 10);
    if (this.#drag) this.#drag.moved = true;
    this.zoom(wide / wider, this.#timeAt((now[0] + now[1]) / 2));
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
      this.pan((event.deltaX || event.deltaY) / 1500);
    } else {
      this.zoom(Math.exp(event.deltaY / 500), this.#timeAt(event.offsetX));
    }
    this.#hover(event.offsetX);
  }

  /** @param {number} x @returns {"start" | "end" | null} */
  #gripAt(x) {
    if (!this.selection) return null;
    const width = this.canvas.clientWidth;
    const far = (/** @type {number} */ us) => Math.abs(viewport.toX(this.view, us, width) - x);
    if (far(this.selection.startUs) < GRIP_PX) return "start";
    return far(this.selection.endUs) < GRIP_PX ? "end" : null;
  }

  /** @param {number | null} x */
  #hover(x) {
    this.#hoverUs = x === null ? null : this.#timeAt(x);
    this.tip.hidden = this.#hoverUs === null;
    if (x !== null && this.#hoverUs !== null) this.#drawTip(x, this.#hoverUs);
    else this.preview.show(null);
    this.canvas.style.cursor = x !== null && this.#gripAt(x) ? "ew-resize" : "";
    this.draw();
  }

  /** @param {number} x @param {number} us */
  #drawTip(x, us) {
    setText(find("b", this.tip), `${day(us)} ${time(us)}`);
    setText(find("span", this.tip), this.#wordsAt(us));
    const grainUs = Math.max(Math.round((this.view.spanUs / this.canvas.clientWidth) * 6), 1);
    this.preview.show(at(this.loader.footage.runs, us) ? us : null, grainUs);
    const width = this.tip.offsetWidth;
    const room = this.canvas.clientWidth - width;
    const left = this.canvas.offsetLeft + Math.min(Math.max(x - width / 2, 0), room);
    this.tip.style.transform = `translateX(${Math.round(left)}px)`;
  }

  /** @param {number} us */
  #wordsAt(us) {
    const now = serverNowUs();
    if (us > now) return t("In the future");
    const { runs, gaps } = this.loader.footage;
    if (at(runs, us)) return t("Recorded");
    const gap = at(gaps, us);
    if (!gap) return t("No footage");
    const length = duration((gap.endUs ?? now) - gap.startUs);
    return `${t("No footage for {duration}.", { duration: length })} ${causeSentence(gap.cause)}`;
  }
}
