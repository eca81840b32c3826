/** Bytes into a video element by Media Source Extensions; one per format. */

const KEEP_S = 8;
const TRIM_ABOVE_S = 20;
const MOST_WAITING = 400;
/** iPhones have only the managed kind. */
const Source = /** @type {typeof MediaSource} */ (
  Reflect.get(globalThis, "ManagedMediaSource") ?? globalThis.MediaSource);

/** @param {string} mime */
export function canPlay(mime) {
  return Boolean(Source?.isTypeSupported(mime));
}

export class MediaBuffer {
  /** @type {SourceBuffer | null} */
  #buffer = null;
  /** @type {Uint8Array[]} */
  #waiting = [];
  #isClosed = false;

  /** @param {HTMLVideoElement} video @param {string} mime @param {() => void} onBroken */
  constructor(video, mime, onBroken) {
    this.video = video;
    this.onBroken = onBroken;
    this.source = new Source();
    video.disableRemotePlayback = true;
    this.url = URL.createObjectURL(this.source);
    video.src = this.url;
    this.source.addEventListener("sourceopen", () => this.#open(mime), { once: true });
  }

  /** @param {string} mime */
  #open(mime) {
    URL.revokeObjectURL(this.url);
    if (this.#isClosed) return;
    const buffer = this.source.addSourceBuffer(mime);
    buffer.addEventListener("updateend", () => this.#next());
    buffer.addEventListener("error", () => this.#break());
    this.#buffer = buffer;
    this.#next();
  }

  /** Queue bytes; a queue that nobody empties is a broken player. @param {Uint8Array} bytes */
  append(bytes) {
    this.#waiting.push(bytes);
    if (this.#waiting.length > MOST_WAITING) this.#break();
    else this.#next();
  }

  /** The newest picture's time, or null while there is none. */
  get endS() {
    const ranges = this.#ranges();
    return ranges?.length ? ranges.end(ranges.length - 1) : null;
  }

  /** Where the newest stretch without a hole begins. */
  get startS() {
    const ranges = this.#ranges();
    return ranges?.length ? ranges.start(ranges.length - 1) : null;
  }

  close() {
    this.#isClosed = true;
    this.#waiting = [];
    this.#buffer = null;
    this.video.removeAttribute("src");
    this.video.load();
  }

  #ranges() {
    return this.#buffer && this.source.readyState === "open" ? this.#buffer.buffered : null;
  }

  #next() {
    const buffer = this.#buffer;
    if (!buffer || buffer.updating || this.source.readyState !== "open") return;
    try {
      if (this.#trim(buffer)) return;
      const bytes = this.#waiting.shift();
      if (bytes) buffer.appendBuffer(/** @type {BufferSource} */ (bytes));
    } catch {
      this.#break();
    }
  }

  /** What was seen is let go. @param {SourceBuffer} buffer */
  #trim(buffer) {
    if (!buffer.buffered.length) return false;
    const start = buffer.buffered.start(0);
    const seen = this.video.currentTime;
    if (seen - start < TRIM_ABOVE_S) return false;
    buffer.remove(start, seen - KEEP_S);
    return true;
  }

  #break() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.onBroken();
  }
}
