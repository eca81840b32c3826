/**
 * One live stream in one element: pictures over a WebSocket, kept close to now; stills
 * when the browser cannot play the stream.
 */
import { hideSound } from "./boxes.js";
import { el } from "./dom.js";
import { steer, TARGET_S } from "./latency.js";
import { LiveSocket } from "./live_socket.js";
import { canPlay, MediaBuffer } from "./media_buffer.js";
import { serverNowUs } from "./server_clock.js";
import { StillsPlayer } from "./stills_player.js";

const STEER_EVERY_MS = 500;

/**
 * @typedef {"connecting" | "playing" | "offline" | "stills"} LiveState
 * @typedef {{state: LiveState, cause?: string, detail?: string, codec?: string}} LiveNews
 */
export class LivePlayer {
  /** @type {LiveSocket} */
  #socket;
  /** @type {MediaBuffer | null} */
  #buffer = null;
  /** @type {StillsPlayer | null} */
  #stills = null;
  #timer = 0;
  #newestUs = 0;
  #hasSound = false;
  #mustHideSound = false;
  #hasStarted = false;

  /**
   * @param {string} cameraId @param {string} role @param {(news: LiveNews) => void} onNews
   * @param {{isMuted?: boolean}} [options]
   */
  constructor(cameraId, role, onNews, { isMuted = true } = {}) {
    this.cameraId = cameraId;
    this.role = role;
    this.onNews = onNews;
    this.video = /** @type {HTMLVideoElement} */ (
      el("video", { muted: isMuted, playsInline: true, autoplay: true, tabIndex: -1,
        "aria-hidden": "true" }));
    this.element = el("div", { class: "picture" }, this.video);
    this.video.addEventListener("playing", () => this.onNews({ state: "playing" }));
    this.#socket = new LiveSocket(cameraId, role, {
      onInit: (header, bytes) => this.#begin(header, bytes),
      onFragment: (header, bytes) => this.#show(header, bytes),
      onOffline: (cause, detail) => this.#goDark({ state: "offline", cause, detail }),
      onDisconnect: () => this.#goDark({ state: "connecting" }),
    });
  }

  start() {
    this.onNews({ state: "connecting" });
    this.#socket.open();
    this.#timer = setInterval(() => this.#steer(), STEER_EVERY_MS);
  }

  stop() {
    clearInterval(this.#timer);
    this.#socket.close();
    this.#buffer?.close();
    this.#buffer = null;
    this.#stills?.stop();
    this.#stills = null;
    this.element.remove();
  }

  get hasSound() {
    return this.#hasSound && !this.#mustHideSound;
  }

  /** The wall time of the picture that is shown, or null. */
  get shownUs() {
    const endS = this.#buffer?.endS;
    if (!this.#newestUs || endS === null || endS === undefined) return null;
    return this.#newestUs - (endS - this.video.currentTime) * 1e6;
  }

  /** Seconds between what happens and what is shown, or null. */
  get behindS() {
    const shown = this.shownUs;
    return shown === null ? null : Math.max(0, (serverNowUs() - shown) / 1e6);
  }

  /** @param {any} header @param {Uint8Array} bytes */
  #begin(header, bytes) {
    const [video, sound] = codecs(header.mime);
    this.#hasSound = Boolean(sound);
    this.#buffer?.close();
    this.#buffer = null;
    this.#hasStarted = false;
    const silent = `video/mp4; codecs="${video}"`;
    if (!canPlay(silent)) {
      this.#fallBack(video);
      return;
    }
    this.#stills?.stop();
    this.#stills = null;
    this.#mustHideSound = Boolean(sound) && !canPlay(header.mime);
    const mime = this.#mustHideSound ? silent : header.mime;
    this.#buffer = new MediaBuffer(this.video, mime, () => this.#restart());
    this.#append(bytes);
  }

  /** @param {any} header @param {Uint8Array} bytes */
  #show(header, bytes) {
    this.#newestUs = header.wall_us;
    if (!this.#buffer) return;
    this.#append(bytes);
    if (!this.#hasStarted) this.#steer();
  }

  /** @param {Uint8Array} bytes */
  #append(bytes) {
    if (this.#mustHideSound) hideSound(bytes);
    this.#buffer?.append(bytes);
  }

  #steer() {
    const buffer = this.#buffer;
    const endS = buffer?.endS ?? null;
    if (!buffer || endS === null) return;
    const video = this.video;
    const startS = buffer.startS ?? 0;
    const aheadS = endS - video.currentTime;
    if (!this.#hasStarted || aheadS < 0 || video.currentTime < startS) {
      video.currentTime = Math.max(startS, endS - TARGET_S);
      this.#hasStarted = true;
    } else {
      const { rate, jumpToS } = steer(aheadS, video.playbackRate);
      if (jumpToS !== null) video.currentTime = Math.max(startS, endS - jumpToS);
      if (video.playbackRate !== rate) video.playbackRate = rate;
    }
    // A browser may pause a video while its tab is asleep.
    if (video.paused) video.play().catch(() => {});
  }

  /** @param {LiveNews} news */
  #goDark(news) {
    this.#newestUs = 0;
    this.#stills?.stop();
    this.#stills = null;
    this.onNews(news);
  }

  /** The decoder gave up on what came: begin anew. */
  #restart() {
    this.#buffer?.close();
    this.#buffer = null;
    this.#socket.close();
    this.onNews({ state: "connecting" });
    this.#socket.open();
  }

  /** @param {string} codec */
  #fallBack(codec) {
    this.#socket.close();
    this.#stills = new StillsPlayer(this.cameraId, this.role, this.element);
    this.#stills.start();
    const isH265 = /^(hvc1|hev1)/.test(codec);
    this.onNews({ state: "stills", codec: isH265 ? "H.265" : codec });
  }
}

/** Video and sound of a MIME type. @param {string} mime */
function codecs(mime) {
  const list = /codecs="?([^"]*)"?/.exec(mime)?.[1] ?? "";
  return list.split(",").map((codec) => codec.trim());
}
