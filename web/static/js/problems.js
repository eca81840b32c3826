/** What the API refused, in the reader's language. */
import { language, t } from "./i18n.js";
import { causeSentence } from "./words.js";

const PREFIX = "urn:nvr:problem:";
const CAMERA = "camera-";

/**
 * In English the server's own sentence, which is made for people and says most; in other
 * languages the one for its kind, and the server's where there is none.
 * @param {any} problem problem+json, or null
 * @param {number} status
 * @returns {string}
 */
export function problemSentence(problem, status) {
  const kind = String(problem?.type ?? "").replace(PREFIX, "");
  const own = problem?.detail || problem?.title || "";
  const translated = language === "en" ? "" : sentenceOf(kind);
  return translated || own || t("The server answered with error {n}.", { n: status });
}

/** @param {string} kind */
function sentenceOf(kind) {
  if (kind.startsWith(CAMERA)) return causeSentence(kind.slice(CAMERA.length));
  switch (kind) {
    case "busy": return t("The server is busy. Try again in a few seconds.");
    case "conflict": return t("This name is taken, or somebody changed it meanwhile.");
    case "forbidden": return t("Only administrators may do this.");
    case "internal": return t("The server made an error and noted it. Recording is not affected.");
    case "not-found": return t("There is no such thing, or you may not see it.");
    case "too-many-tries": return t("Too many wrong passwords. Wait a little, then try again.");
    case "wrong": return t("The name or the password is not right.");
    case "unavailable": return t("The server cannot answer at the moment. Recording is not affected.");
    default: return "";
  }
}
