/** The server's API. Errors are sentences a person can act on. */
import { t } from "./i18n.js";
import { problemSentence } from "./problems.js";

const ROOT = "/api/v1";
const PATIENCE_MS = 20_000;

/** What the server refused or could not do. */
export class ApiError extends Error {
  /** @param {string} message @param {number} status @param {any} problem */
  constructor(message, status, problem) {
    super(message);
    this.status = status;
    this.problem = problem;
  }
}

/**
 * @param {string} method
 * @param {string} path below /api/v1
 * @param {any} [body]
 * @param {{patienceMs?: number}} [options]
 */
export async function call(method, path, body, { patienceMs = PATIENCE_MS } = {}) {
  const answer = await send(method, path, body, patienceMs);
  if (answer.status === 401 && !path.startsWith("/session")) {
    location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
  }
  const text = await answer.text();
  const value = text && answer.headers.get("Content-Type")?.includes("json")
    ? JSON.parse(text) : null;
  if (answer.ok) return value;
  throw new ApiError(problemSentence(value, answer.status), answer.status, value);
}

/** @param {string} method @param {string} path @param {any} body @param {number} ms */
async function send(method, path, body, ms) {
  try {
    return await fetch(ROOT + path, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(ms),
    });
  } catch (error) {
    const isLate = error instanceof DOMException && error.name === "TimeoutError";
    throw new ApiError(isLate ? t("The server took too long to answer.")
      : t("The server cannot be reached."), 0, null);
  }
}

/** Why a file is not given, in words; empty when it is. @param {string} address */
export async function whyRefused(address) {
  try {
    const answer = await fetch(address, { headers: { Range: "bytes=0-0" } });
    if (answer.ok) {
      await answer.body?.cancel();
      return "";
    }
    return problemSentence(await answer.json().catch(() => null), answer.status);
  } catch {
    return t("The server cannot be reached.");
  }
}

/** @param {string} path */
export const get = (path) => call("GET", path);

/**
 * @param {string} id @param {string} role
 * @param {{at?: string, width?: number, isExact?: boolean}} [options] `isExact`: the very
 *     picture of that time, not the key frame before it
 */
export function stillUrl(id, role, { at, width, isExact } = {}) {
  const query = new URLSearchParams({ role });
  if (at) query.set("at", at);
  if (isExact) query.set("exact", "true");
  if (width) query.set("width", String(width));
  return `${ROOT}/cameras/${id}/still.jpg?${query}`;
}

/** @param {string} id @param {string} role @param {string} start @param {string} end */
export function clipUrl(id, role, start, end) {
  return `${ROOT}/cameras/${id}/clip.mp4?${new URLSearchParams({ role, start, end })}`;
}

/** @param {string} id @param {string} role */
export function liveUrl(id, role) {
  const url = new URL(`${ROOT}/cameras/${id}/live?role=${role}`, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
