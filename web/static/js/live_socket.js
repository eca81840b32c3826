/** The live WebSocket of one stream: reconnects by itself until it is closed. */
import { liveUrl } from "./api.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** Nothing at all for this long means that the connection is dead. */
const SILENCE_MS = 25_000;
const SIGNED_OUT = 1008;

/**
 * @typedef {object} Listener
 * @property {(header: any, bytes: Uint8Array) => void} onInit
 * @property {(header: any, bytes: Uint8Array) => void} onFragment
 * @property {(cause: string, detail: string) => void} onOffline
 * @property {() => void} onDisconnect
 */
export class LiveSocket {
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {any} */
  #header = null;
  #waitMs = FIRST_WAIT_MS;
  #timer = 0;
  #silence = 0;
  #isWanted = false;

  /** @param {string} cameraId @param {string} role @param {Listener} listener */
  constructor(cameraId, role, listener) {
    this.url = liveUrl(cameraId, role);
    this.listener = listener;
  }

  open() {
    this.#isWanted = true;
    this.#connect();
  }

  close() {
    this.#isWanted = false;
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    this.#socket?.close();
    this.#socket = null;
  }

  #connect() {
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => this.#lost(socket, event.code);
    this.#socket = socket;
    this.#hearSomething();
  }

  /** @param {string | ArrayBuffer} message a header, or the bytes that belong to it */
  #receive(message) {
    this.#hearSomething();
    if (typeof message !== "string") {
      this.#deliver(this.#header, new Uint8Array(message));
      return;
    }
    this.#header = JSON.parse(message);
    if (this.#header.type === "offline" || this.#header.type === "unknown") {
      this.listener.onOffline(this.#header.cause ?? "starting", this.#header.detail ?? "");
    }
  }

  /** @param {any} header @param {Uint8Array} bytes */
  #deliver(header, bytes) {
    if (header?.type === "init") {
      this.#waitMs = FIRST_WAIT_MS;
      this.listener.onInit(header, bytes);
    } else if (header?.type === "fragment") {
      this.listener.onFragment(header, bytes);
    }
  }

  /** @param {WebSocket} socket @param {number} code */
  #lost(socket, code) {
    if (socket !== this.#socket) return;
    clearTimeout(this.#silence);
    this.#socket = null;
    if (!this.#isWanted) return;
    if (code === SIGNED_OUT) {
      // The server shows the sign-in page in this one's place.
      location.reload();
      return;
    }
    this.listener.onDisconnect();
    // Spread, so that a wall of tiles does not come back in one instant.
    const wait = this.#waitMs * (0.5 + Math.random());
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  #hearSomething() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#socket?.close(), SILENCE_MS);
  }
}
