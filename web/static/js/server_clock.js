/** The server's time, which rules; the browser's clock may be wrong. */

let aheadUs = Number(document.documentElement.dataset.now || 0)
  ? Number(document.documentElement.dataset.now) - performance.timeOrigin * 1000
    - performance.now() * 1000
  : 0;

/** Microseconds now. It runs on the monotonic clock, so it never jumps. */
export function serverNowUs() {
  return Math.round((performance.timeOrigin + performance.now()) * 1000 + aheadUs);
}

/** @param {number} us the server's time, as told by an answer that came just now */
export function hearServerTime(us) {
  aheadUs = us - (performance.timeOrigin + performance.now()) * 1000;
}
