/** Draws a timeline: runs solid, gaps hatched, lines for now and for what is shown. */
import { endOf, ticks, toX } from "./viewport.js";
import { DAY, SECOND, day, shortTime, time } from "./zone.js";

const RULER = 24;
const TRACK_TOP = RULER + 4;
const LABEL_APART = 84;
/** Gaps fill the track; what is recorded is a band in it. */
const BAND = 9;
const FLAG_HALF = 38;

/** @typedef {Record<"text" | "text2" | "line" | "track" | "run" | "runOpen" | "hatch" |
 *   "hatchGround" | "now" | "head" | "pick" | "accent" | "surface", string>} Colours */

/** @param {Element} element @returns {Colours} */
export function coloursOf(element) {
  const style = getComputedStyle(element);
  const names = { text: "text", text2: "text-2", line: "line", track: "track", run: "run",
    runOpen: "run-open", hatch: "hatch", hatchGround: "hatch-ground", now: "now", head: "head",
    pick: "pick", accent: "accent", surface: "surface" };
  return /** @type {Colours} */ (Object.fromEntries(Object.entries(names).map(
    ([key, name]) => [key, style.getPropertyValue(`--${name}`).trim()])));
}

/**
 * @typedef {object} Scene
 * @property {import("./viewport.js").Viewport} view
 * @property {import("./footage.js").Footage} footage
 * @property {number} nowUs
 * @property {number | null} headUs
 * @property {number | null} hoverUs
 * @property {{startUs: number, endUs: number} | null} selection
 *
 * @param {CanvasRenderingContext2D} g @param {Scene} scene @param {Colours} colours
 * @param {number} width @param {number} height
 */
export function paint(g, scene, colours, width, height) {
  g.clearRect(0, 0, width, height);
  const track = { top: TRACK_TOP, height: height - TRACK_TOP };
  box(g, colours.track, 0, track.top, width, track.height);
  paintFootage(g, scene, colours, width, track);
  paintTicks(g, scene, colours, width, height);
  paintSelection(g, scene, colours, width, track);
  paintLine(g, toX(scene.view, scene.nowUs, width), colours.now, 1.5, track.top - 4, height);
  if (scene.hoverUs !== null) {
    g.globalAlpha = 0.6;
    paintLine(g, toX(scene.view, scene.hoverUs, width), colours.text, 1, track.top, height);
    g.globalAlpha = 1;
  }
  if (scene.headUs !== null) paintHead(g, scene, colours, width, height);
}

/** @param {CanvasRenderingContext2D} g @param {Scene} scene @param {Colours} colours
 * @param {number} width @param {{top: number, height: number}} track */
function paintFootage(g, scene, colours, width, track) {
  const { view, footage, nowUs } = scene;
  const hatch = hatching(g, colours);
  for (const gap of footage.gaps) {
    const [x, w] = stretch(view, gap.startUs, gap.endUs ?? nowUs, width);
    if (w > 0) box(g, hatch, x, track.top, w, track.height);
  }
  for (const run of footage.runs) {
    const [x, w] = stretch(view, run.startUs, run.endUs ?? nowUs, width);
    if (w <= 0) continue;
    box(g, colours.run, x, track.top + BAND, w, track.height - 2 * BAND);
    box(g, colours.runOpen, x, track.top + BAND, w, 2);
  }
}

/** @param {import("./viewport.js").Viewport} view @param {number} startUs
 * @param {number} endUs @param {number} width @returns {[number, number]} */
function stretch(view, startUs, endUs, width) {
  const x = Math.max(0, toX(view, startUs, width));
  const end = Math.min(width, toX(view, endUs, width));
  if (end < 0 || x > width || endUs < startUs) return [0, 0];
  return [x, Math.max(end - x, 1)];
}

/** @param {CanvasRenderingContext2D} g @param {Scene} scene
 * @param {Colours} colours @param {number} width @param {number} height */
function paintTicks(g, scene, colours, width, height) {
  const { view } = scene;
  const head = scene.headUs === null ? -Infinity : toX(view, scene.headUs, width);
  const { stepUs, times } = ticks(view, width, LABEL_APART);
  const font = getComputedStyle(g.canvas).fontFamily;
  g.font = `12px ${font}`;
  g.textBaseline = "middle";
  g.textAlign = "left";
  for (const us of times) {
    const x = Math.round(toX(view, us, width)) + 0.5;
    const isMidnight = shortTime(us) === "00:00" && stepUs >= 60 * SECOND;
    g.globalAlpha = 0.9;
    paintLine(g, x, colours.line, 1, isMidnight ? 2 : 14, height);
    g.globalAlpha = 1;
    if (x < -4 || x > width - 30) continue;
    g.fillStyle = isMidnight ? colours.text : colours.text2;
    const label = stepUs >= DAY || isMidnight ? day(us)
      : stepUs < 60 * SECOND ? time(us) : shortTime(us);
    // The flag of the head is more important than a label behind it.
    const end = x + 5 + g.measureText(label).width;
    if (end > head - FLAG_HALF && x < head + FLAG_HALF) continue;
    g.fillText(label, x + 5, 11);
  }
}

/** @param {CanvasRenderingContext2D} g @param {Scene} scene @param {Colours} colours
 * @param {number} width @param {{top: number, height: number}} track */
function paintSelection(g, scene, colours, width, track) {
  if (!scene.selection) return;
  const from = toX(scene.view, scene.selection.startUs, width);
  const to = toX(scene.view, scene.selection.endUs, width);
  box(g, colours.pick, from, track.top, to - from, track.height);
  for (const x of [from, to]) {
    box(g, colours.accent, x - 1, track.top, 2, track.height);
    box(g, colours.accent, x - 4, track.top + track.height / 2 - 9, 8, 18, 3);
  }
}

/** The line of the shown picture, with its time in a flag.
 * @param {CanvasRenderingContext2D} g @param {Scene} scene @param {Colours} colours
 * @param {number} width @param {number} height */
function paintHead(g, scene, colours, width, height) {
  const headUs = Number(scene.headUs);
  if (headUs < scene.view.startUs || headUs > endOf(scene.view)) return;
  const x = toX(scene.view, headUs, width);
  paintLine(g, x, colours.head, 2, RULER - 3, height);
  const label = time(headUs);
  g.font = `600 12px ${getComputedStyle(g.canvas).fontFamily}`;
  const w = g.measureText(label).width + 12;
  const left = Math.min(Math.max(x - w / 2, 0), width - w);
  box(g, colours.head, left, 1, w, RULER - 4, 4);
  g.fillStyle = colours.surface;
  g.textAlign = "center";
  g.fillText(label, left + w / 2, 11);
}

/** @param {CanvasRenderingContext2D} g @param {number} x @param {string} colour
 * @param {number} w @param {number} top @param {number} bottom */
function paintLine(g, x, colour, w, top, bottom) {
  g.fillStyle = colour;
  g.fillRect(x - w / 2, top, w, bottom - top);
}

/** @param {CanvasRenderingContext2D} g @param {string | CanvasPattern} fill @param {number} x
 * @param {number} y @param {number} w @param {number} h @param {number} [radius] */
function box(g, fill, x, y, w, h, radius = 0) {
  g.fillStyle = fill;
  if (!radius) {
    g.fillRect(x, y, w, h);
    return;
  }
  g.beginPath();
  g.roundRect(x, y, w, h, radius);
  g.fill();
}

/** @param {CanvasRenderingContext2D} g @param {Colours} colours */
function hatching(g, colours) {
  const size = 8;
  const cell = document.createElement("canvas");
  cell.width = cell.height = size;
  const c = /** @type {CanvasRenderingContext2D} */ (cell.getContext("2d"));
  c.fillStyle = colours.hatchGround;
  c.fillRect(0, 0, size, size);
  c.strokeStyle = colours.hatch;
  c.lineWidth = 2;
  for (const shift of [-size, 0, size]) {
    c.moveTo(shift, size);
    c.lineTo(shift + size, 0);
  }
  c.stroke();
  return /** @type {CanvasPattern} */ (g.createPattern(cell, "repeat"));
}
