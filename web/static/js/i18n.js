/** Sentences in the reader's language. The English sentence is its own key. */
import { pageData } from "./page_data.js";

/** @type {Record<string, string>} */
const words = pageData("words") ?? {};

export const language = document.documentElement.lang || "en";

/**
 * @param {string} sentence in English, with `{name}` where a value goes
 * @param {Record<string, string | number>} [values]
 */
export function t(sentence, values = {}) {
  const known = words[sentence] ?? sentence;
  return known.replace(/\{(\w+)\}/g, (hole, name) => String(values[name] ?? hole));
}

/**
 * The right form for a number; Indonesian has the same for all.
 * @param {string} one
 * @param {string} many
 * @param {number} n
 */
export function tn(one, many, n) {
  return t(n === 1 ? one : many, { n });
}
