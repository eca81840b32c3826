/** A stream's state as a word, a shape and a sentence. Pure. */
import { t } from "./i18n.js";
import { causeSentence } from "./words.js";

/**
 * @typedef {"recording" | "connecting" | "lost" | "off" | "unknown"} Kind
 * @typedef {{kind: Kind, word: string, sentence: string, sinceUs: number | null}} Shown
 */

/**
 * @param {import("./status.js").StreamStatus | null | undefined} status undefined: not
 *     asked yet; null: no recorder tells of it
 * @param {boolean} isEnabled
 * @returns {Shown}
 */
export function shownState(status, isEnabled = true) {
  const sinceUs = status?.sinceUs ?? null;
  if (!isEnabled || status?.state === "off") {
    return { kind: "off", word: t("Off"), sentence: causeSentence("disabled"), sinceUs };
  }
  if (status === undefined) {
    return { kind: "unknown", word: t("Connecting"), sentence: "", sinceUs };
  }
  if (status === null) {
    return { kind: "lost", word: t("Not recorded"),
      sentence: t("No recorder reports this camera: it is not being recorded."), sinceUs };
  }
  if (status.state === "recording") {
    return { kind: "recording", word: t("Recording"), sentence: "", sinceUs };
  }
  // Between two attempts and during one are the same to people: it is lost.
  const isFirst = !status.cause || status.cause === "starting";
  if (isFirst) {
    return { kind: "connecting", word: t("Connecting"), sentence: causeSentence("starting"),
      sinceUs };
  }
  return { kind: "lost", word: t("No connection"), sentence: causeSentence(status.cause),
    sinceUs };
}

/** @param {Element} chip @param {Kind} kind */
export function setKind(chip, kind) {
  const name = kind === "unknown" ? "off" : kind;
  for (const other of ["recording", "connecting", "lost", "off"]) {
    chip.classList.toggle(`is-${other}`, other === name);
  }
}
