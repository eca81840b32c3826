/** What the recorder says about every camera, asked again and again while visible. */
import { get } from "./api.js";
import { hearServerTime } from "./server_clock.js";
import { parse } from "./zone.js";

const EVERY_MS = 2000;
const AFTER_ERROR_MS = 5000;

/**
 * @typedef {object} StreamStatus
 * @property {string} id
 * @property {string} role
 * @property {string} state recording, connecting, waiting or off
 * @property {string} cause
 * @property {string} detail
 * @property {number | null} sinceUs
 * @property {number} bitsPerSecond
 * @property {number} framesPerSecond
 * @property {string} codec
 * @property {number} width
 * @property {number} height
 */

/**
 * @param {(streams: StreamStatus[]) => void} onStatus
 * @param {(sentence: string) => void} [onError]
 */
export function watchStatus(onStatus, onError = () => {}) {
  let timer = 0;
  const ask = async () => {
    clearTimeout(timer);
    if (document.hidden) return;
    let wait = EVERY_MS;
    try {
      const answer = await get("/status");
      if (answer.now) hearServerTime(parse(answer.now));
      onStatus(answer.cameras.map(read));
    } catch (error) {
      onError(/** @type {Error} */ (error).message);
      wait = AFTER_ERROR_MS;
    }
    timer = setTimeout(ask, wait);
  };
  document.addEventListener("visibilitychange", ask);
  ask();
}

/** @param {any} value @returns {StreamStatus} */
function read(value) {
  return {
    id: value.id,
    role: value.role ?? "main",
    state: value.state,
    cause: value.cause ?? "",
    detail: value.detail ?? "",
    sinceUs: value.since ? parse(value.since) : value.since_us ?? null,
    bitsPerSecond: value.bits_per_second ?? 0,
    framesPerSecond: value.frames_per_second ?? 0,
    codec: value.codec ?? "",
    width: value.width ?? 0,
    height: value.height ?? 0,
  };
}

/** The status of one stream; null: no recorder tells of it.
 * @param {StreamStatus[]} streams @param {string} id @param {string} role */
export function statusOf(streams, id, role = "main") {
  return streams.find((stream) => stream.id === id && stream.role === role) ?? null;
}
