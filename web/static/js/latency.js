/** How a live picture is kept close to now: pure decisions over plain values. */

/** Seconds of picture kept ahead of the eye, so that an unsteady network is not seen. */
export const TARGET_S = 0.35;
/** Further behind than this is not made up by playing faster. */
export const JUMP_S = 2;
const FAST = 1.08;
const FASTER = 1.2;
const SLOW = 0.94;

/**
 * @param {number} aheadS seconds of picture that wait to be shown
 * @param {number} rate the rate it plays at now
 * @returns {{rate: number, jumpToS: number | null}} `jumpToS`: seconds before the end
 */
export function steer(aheadS, rate) {
  if (aheadS > JUMP_S) return { rate: 1, jumpToS: TARGET_S };
  if (aheadS > 1) return { rate: FASTER, jumpToS: null };
  if (aheadS > TARGET_S + 0.4) return { rate: FAST, jumpToS: null };
  if (aheadS < 0.1) return { rate: SLOW, jumpToS: null };
  const isBack = rate > 1 ? aheadS <= TARGET_S : aheadS >= TARGET_S * 0.7;
  return { rate: rate === 1 || isBack ? 1 : rate, jumpToS: null };
}
