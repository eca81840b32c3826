/** What there is and is not, of one stream. Pure questions over runs and gaps. */
import { SECOND, parse } from "./zone.js";

/**
 * @typedef {{startUs: number, endUs: number | null}} Run `endUs` is null while it goes on
 * @typedef {Run & {cause: string, detail: string}} Gap
 * @typedef {{runs: Run[], gaps: Gap[], firstUs: number | null, lastUs: number | null}} Footage
 */

/** @returns {Footage} */
export function noFootage() {
  return { runs: [], gaps: [], firstUs: null, lastUs: null };
}

/** @param {any} answer of the API @returns {Footage} */
export function readFootage(answer) {
  const end = (/** @type {any} */ one) => (one.end ? parse(one.end) : null);
  return {
    runs: answer.runs.map((/** @type {any} */ run) => (
      { startUs: parse(run.start), endUs: end(run) })),
    gaps: answer.gaps.map((/** @type {any} */ gap) => (
      { startUs: parse(gap.start), endUs: end(gap), cause: gap.cause,
        detail: gap.detail ?? "" })),
    firstUs: answer.first ? parse(answer.first) : null,
    lastUs: answer.last ? parse(answer.last) : null,
  };
}

/** @template {Run} T @param {T[]} stretches in order @param {number} us
 * @returns {T | undefined} */
export function at(stretches, us) {
  return stretches.find((one) => one.startUs <= us && (one.endUs === null || us < one.endUs));
}

/** @template {Run} T @param {T[]} stretches @param {number} us @returns {T | undefined} */
export function after(stretches, us) {
  return stretches.find((one) => one.startUs >= us);
}

/** Where footage that can be played begins at or after a time, or null.
 * @param {Footage} footage @param {number} us */
export function playableFrom(footage, us) {
  if (at(footage.runs, us)) return us;
  return after(footage.runs, us)?.startUs ?? null;
}

/** @param {Run[]} stretches @param {number} startUs @param {number} endUs
 * @param {number} nowUs microseconds of the interval that they cover */
export function covered(stretches, startUs, endUs, nowUs) {
  let sum = 0;
  for (const one of stretches) {
    const from = Math.max(one.startUs, startUs);
    const to = Math.min(one.endUs ?? nowUs, endUs);
    if (to > from) sum += to - from;
  }
  return sum;
}

/**
 * The parts of an interval without footage, with their causes.
 * @param {Gap[]} gaps @param {number} startUs @param {number} endUs @param {number} nowUs
 */
export function missing(gaps, startUs, endUs, nowUs) {
  return gaps
    .map((gap) => ({ ...gap, startUs: Math.max(gap.startUs, startUs),
      endUs: Math.min(gap.endUs ?? nowUs, endUs) }))
    .filter((gap) => gap.endUs - gap.startUs > SECOND / 100);
}
