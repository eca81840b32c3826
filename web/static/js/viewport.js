/** The stretch of time that a timeline shows. Pure: pixels and time, no canvas. */
import { DAY, HOUR, MINUTE, SECOND, offset } from "./zone.js";

const SHORTEST = 5 * SECOND;
const LONGEST = 7 * DAY;
/** Room to the right of now, so that the line is not on the edge. */
const AHEAD = 0.04;
const STEPS = [
  SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 15 * SECOND, 30 * SECOND,
  MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
  HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY,
];

/** @typedef {{startUs: number, spanUs: number}} Viewport */

/** @param {Viewport} view @param {number} us @param {number} width */
export function toX(view, us, width) {
  return ((us - view.startUs) / view.spanUs) * width;
}

/** @param {Viewport} view @param {number} x @param {number} width */
export function toTime(view, x, width) {
  return Math.round(view.startUs + (x / width) * view.spanUs);
}

/** @param {Viewport} view */
export function endOf(view) {
  return view.startUs + view.spanUs;
}

/**
 * Closer (factor < 1) or wider, with `anchorUs` staying where it is.
 * @param {Viewport} view @param {number} factor @param {number} anchorUs
 * @returns {Viewport}
 */
export function zoom(view, factor, anchorUs) {
  const spanUs = Math.min(Math.max(view.spanUs * factor, SHORTEST), LONGEST);
  const part = (anchorUs - view.startUs) / view.spanUs;
  return { startUs: Math.round(anchorUs - part * spanUs), spanUs: Math.round(spanUs) };
}

/** @param {Viewport} view @param {number} byUs @returns {Viewport} */
export function pan(view, byUs) {
  return { ...view, startUs: Math.round(view.startUs + byUs) };
}

/** Not further into the future than shows the line of now. @param {Viewport} view
 * @param {number} nowUs @returns {Viewport} */
export function clamp(view, nowUs) {
  const latest = nowUs - view.spanUs * (1 - AHEAD);
  return view.startUs > latest ? { ...view, startUs: Math.round(latest) } : view;
}

/** @param {Viewport} view @param {number} us @returns {Viewport} */
export function centre(view, us) {
  return { ...view, startUs: Math.round(us - view.spanUs / 2) };
}

/**
 * Lines and labels, on whole local times.
 * @param {Viewport} view @param {number} width @param {number} apart fewest pixels
 * @returns {{stepUs: number, times: number[]}}
 */
export function ticks(view, width, apart) {
  const perPixel = view.spanUs / width;
  const stepUs = STEPS.find((step) => step / perPixel >= apart) ?? DAY;
  const times = [];
  let us = view.startUs - mod(view.startUs + offset(view.startUs), stepUs);
  while (us <= endOf(view)) {
    times.push(us);
    const next = us + stepUs;
    // Where the clocks are changed, the next whole local time is nearer or further.
    us = next - (offset(next) - offset(us)) * Number(stepUs > HOUR);
  }
  return { stepUs, times };
}

/** @param {number} value @param {number} by */
function mod(value, by) {
  return ((value % by) + by) % by;
}
