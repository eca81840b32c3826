/**
 * Recorded pictures of one camera from any time on: short clips, one after the other in
 * two video elements, so that the change between them is not seen. A clip never reaches
 * over a gap, so its time is the wall time.
 */
import { clipUrl, whyRefused } from "./api.js";
import { el } from "./dom.js";
import { at, playableFrom } from "./footage.js";
import { serverNowUs } from "./server_clock.js";
import { DAY, MINUTE, SECOND, rfc3339 } from "./zone.js";

/** Clips begin on whole multiples of this, so that a step back finds the same one. */
const SLOT = 4 * MINUTE;
/** How far around a time footage is looked up; what comes next lies in it mostly. */
const AROUND = DAY;
/** The newest seconds may not be on the disk yet. */
const EDGE = 3 * SECOND;
/** Where nothing is after a time as new as this, it is still being recorded. */
const NEW = 20 * SECOND;
const SHORTEST = SECOND / 2;
const PREPARE_S = 12;
const USUAL_FRAME_S = 1 / 25;

/**
 * @typedef {{startUs: number, endUs: number}} Chunk
 * @typedef {{kind: "loading" | "playing" | "paused" | "live-edge" | "none" | "failed"
 *   | "unplayable", us?: number, skippedFromUs?: number, sentence?: string}} PlayNews
 */
export class RecordedPlayer {
  /** @type {HTMLVideoElement[]} the shown one first */
  #videos;
  /** @type {Chunk | null} */
  #chunk = null;
  /** @type {Chunk | null} what the hidden video holds */
  #prepared = null;
  #rate = 1;
  #isWanted = true;
  #frameS = USUAL_FRAME_S;
  #lastFrameS = -1;
  #isClosed = false;
  #targetUs = 0;

  /**
   * @param {{cameraId: string, role: string,
   *   loader: import("./footage_loader.js").FootageLoader, isMuted: boolean,
   *   onNews: (news: PlayNews) => void, onTime: (us: number) => void}} options
   */
  constructor({ cameraId, role, loader, isMuted, onNews, onTime }) {
    this.cameraId = cameraId;
    this.role = role;
    this.loader = loader;
    this.onNews = onNews;
    this.onTime = onTime;
    this.#videos = [this.#makeVideo(isMuted), this.#makeVideo(isMuted)];
    this.element = el("div", { class: "picture" }, ...this.#videos);
    this.#order();
  }

  get timeUs() {
    const chunk = this.#chunk;
    if (!chunk) return this.#targetUs;
    return chunk.startUs + Math.round(this.#video.currentTime * SECOND);
  }

  get isPaused() {
    return !this.#isWanted;
  }

  /** Show the picture of a time; over a gap the next one there is. @param {number} us */
  async seek(us) {
    const end = this.#edge();
    const wanted = Math.min(us, end);
    this.#targetUs = wanted;
    await this.loader.have(wanted - AROUND, wanted + AROUND);
    if (this.#isClosed || this.#targetUs !== wanted) return;
    const from = playableFrom(this.loader.footage, wanted);
    if (from === null || from > end) {
      const isNew = wanted > serverNowUs() - NEW;
      this.#leave(from === null && !isNew ? "none" : "live-edge", wanted);
      return;
    }
    this.#targetUs = from;
    const chunk = this.#chunk;
    if (chunk && from >= chunk.startUs && from < chunk.endUs - SHORTEST) {
      this.#video.currentTime = (from - chunk.startUs) / SECOND;
    } else {
      this.#load(this.#chunkAt(from), from);
    }
    this.onTime(from);
  }

  play() {
    this.#isWanted = true;
    this.#video.playbackRate = this.#rate;
    this.#video.play().catch(() => {});
  }

  pause() {
    this.#isWanted = false;
    this.#video.pause();
  }

  /** @param {number} rate */
  setRate(rate) {
    this.#rate = rate;
    for (const video of this.#videos) video.playbackRate = rate;
  }

  /** @param {boolean} isMuted */
  setMuted(isMuted) {
    for (const video of this.#videos) video.muted = isMuted;
  }

  /** One picture on or back. @param {1 | -1} direction */
  async step(direction) {
    this.pause();
    const chunk = this.#chunk;
    if (!chunk) return;
    // Aim at the middle of a picture: its edges may be rounded either way.
    const index = Math.floor(this.#video.currentTime / this.#frameS + 0.01) + direction;
    const aimS = (index + 0.5) * this.#frameS;
    const us = chunk.startUs + Math.round(aimS * SECOND);
    if (us < chunk.startUs) await this.seek(this.#before(chunk.startUs));
    else if (us >= chunk.endUs) await this.#next();
    else {
      this.#video.currentTime = aimS;
      this.onTime(us);
    }
  }

  close() {
    this.#isClosed = true;
    for (const video of this.#videos) {
      video.removeAttribute("src");
      video.load();
    }
    this.element.remove();
  }

  get #video() {
    return this.#videos[0];
  }

  /** Where recorded time ends for us. */
  #edge() {
    return serverNowUs() - EDGE;
  }

  /** @param {number} us in a run @returns {Chunk} */
  #chunkAt(us) {
    const run = at(this.loader.footage.runs, us);
    const slot = Math.floor(us / SLOT) * SLOT;
    const startUs = Math.max(slot, run?.startUs ?? us);
    const endUs = Math.min(slot + SLOT, run?.endUs ?? this.#edge());
    return { startUs, endUs: Math.max(endUs, startUs + SHORTEST) };
  }

  /** The last playable time before one that begins a chunk. @param {number} us */
  #before(us) {
    const earlier = this.loader.footage.runs.filter((run) => run.startUs < us).at(-1);
    if (!earlier) return us;
    return Math.min(earlier.endUs ?? us, us) - Math.round(this.#frameS * SECOND);
  }

  /** @param {Chunk} chunk @param {number} us */
  #load(chunk, us) {
    this.#chunk = chunk;
    this.#prepared = null;
    this.#frameS = USUAL_FRAME_S;
    const video = this.#video;
    this.onNews({ kind: "loading", us });
    this.#give(video, chunk);
    video.currentTime = Math.max(0, (us - chunk.startUs) / SECOND);
    video.playbackRate = this.#rate;
    if (this.#isWanted) video.play().catch(() => {});
  }

  /** @param {HTMLVideoElement} video @param {Chunk} chunk */
  #give(video, chunk) {
    video.src = clipUrl(this.cameraId, this.role, rfc3339(chunk.startUs), rfc3339(chunk.endUs));
    video.load();
    video.defaultPlaybackRate = this.#rate;
  }

  #prepare() {
    const chunk = this.#chunk;
    if (!chunk || this.#prepared) return;
    const leftS = (chunk.endUs - this.timeUs) / SECOND / this.#rate;
    if (leftS > PREPARE_S) return;
    const from = playableFrom(this.loader.footage, chunk.endUs);
    if (from === null || from > this.#edge() - SECOND) return;
    // In the slot that is still being recorded, the rest of it.
    const next = { ...this.#chunkAt(from), startUs: from };
    if (next.endUs - next.startUs < 2 * SECOND) return;
    this.#prepared = next;
    this.#give(this.#videos[1], next);
  }

  async #next() {
    const chunk = this.#chunk;
    if (!chunk) return;
    const next = this.#prepared;
    if (!next) {
      if (chunk.endUs >= this.#edge() - SECOND) this.#leave("live-edge", chunk.endUs);
      else await this.#seekAfter(chunk.endUs);
      return;
    }
    this.#chunk = next;
    this.#prepared = null;
    this.#videos.reverse();
    this.#order();
    if (this.#isWanted) this.play();
    if (next.startUs - chunk.endUs > SECOND / 2) {
      this.onNews({ kind: "playing", us: next.startUs, skippedFromUs: chunk.endUs });
    }
  }

  /** @param {number} endUs of what was shown */
  async #seekAfter(endUs) {
    await this.seek(endUs);
    const startUs = this.#chunk?.startUs ?? endUs;
    if (startUs - endUs > SECOND / 2) {
      this.onNews({ kind: "playing", us: startUs, skippedFromUs: endUs });
    }
  }

  /** @param {"none" | "live-edge"} kind @param {number} us */
  #leave(kind, us) {
    if (kind === "none") this.#chunk = null;
    this.onNews({ kind, us });
  }

  /** The shown video lies on top and may be heard. */
  #order() {
    const [shown, hidden] = this.#videos;
    shown.classList.remove("is-waiting-behind");
    hidden.classList.add("is-waiting-behind");
    hidden.pause();
  }

  /** @param {boolean} isMuted */
  #makeVideo(isMuted) {
    const video = /** @type {HTMLVideoElement} */ (el("video", { muted: isMuted,
      playsInline: true, preload: "auto", tabIndex: -1, "aria-hidden": "true" }));
    const isShown = () => video === this.#video && !this.#isClosed;
    const hear = (/** @type {string} */ type, /** @type {() => void} */ action) => {
      video.addEventListener(type, () => { if (isShown()) action(); });
    };
    hear("playing", () => this.onNews({ kind: "playing" }));
    hear("pause", () => { if (!video.ended) this.onNews({ kind: "paused" }); });
    hear("seeked", () => this.onNews({ kind: this.#isWanted ? "playing" : "paused" }));
    hear("timeupdate", () => {
      this.onTime(this.timeUs);
      this.#prepare();
    });
    hear("ended", () => this.#next());
    hear("error", () => this.#fail());
    this.#measure(video);
    return video;
  }

  /** Learn how long a picture is shown, for single steps. @param {HTMLVideoElement} video */
  #measure(video) {
    if (!("requestVideoFrameCallback" in video)) return;
    const look = (/** @type {number} */ _now, /** @type {any} */ frame) => {
      const length = frame.mediaTime - this.#lastFrameS;
      if (length > 0.004 && length < 0.5) this.#frameS = Math.min(this.#frameS * 2, length);
      this.#lastFrameS = frame.mediaTime;
      if (!this.#isClosed) video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  }

  /** A video element does not tell a codec it cannot play from a server that refuses. */
  async #fail() {
    const address = this.#video.getAttribute("src");
    if (!address) return;
    const us = this.#targetUs;
    this.#chunk = null;
    const problem = await whyRefused(address);
    if (this.#isClosed || us !== this.#targetUs) return;
    if (problem) this.onNews({ kind: "failed", us, sentence: problem });
    else this.onNews({ kind: "unplayable", us });
  }
}
