/** Short messages at the foot of the page, read out by screen readers. */
import { el, icon } from "./dom.js";

const SHOWN_MS = 6000;

/** @param {string} sentence @param {{isBad?: boolean}} [options] */
export function toast(sentence, { isBad = false } = {}) {
  const holder = document.querySelector(".toasts");
  if (!holder) return;
  const message = el("div", { class: `toast${isBad ? " is-bad" : ""}` },
    icon(isBad ? "alert" : "info"), el("span", {}, sentence));
  holder.append(message);
  setTimeout(() => message.remove(), SHOWN_MS);
}
