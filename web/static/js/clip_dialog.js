/** Choosing an interval and downloading it: its size and its gaps are said before. */
import { clipUrl } from "./api.js";
import { el, find, icon, setText } from "./dom.js";
import { covered, missing } from "./footage.js";
import { t, tn } from "./i18n.js";
import { problemSentence } from "./problems.js";
import { serverNowUs } from "./server_clock.js";
import { causeSentence, duration, size } from "./words.js";
import { DAY, SECOND, fieldValue, moment, parseField, rfc3339, time, zoneName } from "./zone.js";

const PAUSE_MS = 300;
const MOST_GAPS_SHOWN = 6;
const LONGEST = DAY;

export class ClipDialog {
  #timer = 0;
  #question = 0;

  /**
   * @param {HTMLDialogElement} dialog @param {string} cameraId @param {string} role
   * @param {import("./footage_loader.js").FootageLoader} loader
   */
  constructor(dialog, cameraId, role, loader) {
    this.dialog = dialog;
    this.cameraId = cameraId;
    this.role = role;
    this.loader = loader;
    this.start = find("[name=start]", dialog);
    this.end = find("[name=end]", dialog);
    this.link = find("[data-download]", dialog);
    this.summary = find(".clip-summary", dialog);
    for (const field of [this.start, this.end]) {
      field.addEventListener("input", () => this.#later());
    }
    for (const button of dialog.querySelectorAll("[data-shift]")) {
      button.addEventListener("click", () => this.#lengthen(Number(
        button.getAttribute("data-shift"))));
    }
    this.link.addEventListener("click", (/** @type {Event} */ event) => {
      if (this.link.getAttribute("aria-disabled") === "true") event.preventDefault();
      else setTimeout(() => dialog.close(), 200);
    });
  }

  /** @param {number} startUs @param {number} endUs */
  open(startUs, endUs) {
    this.start.value = fieldValue(startUs);
    this.end.value = fieldValue(Math.max(endUs, startUs + SECOND));
    this.dialog.showModal();
    this.#look();
  }

  /** @param {number} seconds from the start */
  #lengthen(seconds) {
    const startUs = parseField(this.start.value);
    if (startUs === null) return;
    this.end.value = fieldValue(Math.min(startUs + seconds * SECOND, serverNowUs()));
    this.#look();
  }

  #later() {
    clearTimeout(this.#timer);
    this.#disable();
    this.#timer = setTimeout(() => this.#look(), PAUSE_MS);
  }

  #disable() {
    this.link.removeAttribute("href");
    this.link.setAttribute("aria-disabled", "true");
  }

  async #look() {
    this.#disable();
    const startUs = parseField(this.start.value);
    const endUs = parseField(this.end.value);
    const wrong = whatIsWrong(startUs, endUs);
    if (wrong || startUs === null || endUs === null) {
      this.#say("is-bad", wrong);
      return;
    }
    const question = ++this.#question;
    this.#say("", t("Looking up what there is …"));
    const url = clipUrl(this.cameraId, this.role, rfc3339(startUs), rfc3339(endUs));
    const footage = await this.loader.ask(startUs, endUs).catch(() => null);
    const answer = footage ? await weigh(url) : null;
    if (question !== this.#question) return;
    if (!footage || !answer) this.#say("is-bad", t("The server cannot be reached."));
    else this.#show(startUs, endUs, footage, answer, url);
  }

  /** @param {number} startUs @param {number} endUs
   * @param {import("./footage.js").Footage} footage
   * @param {{bytes: number | null, problem: string}} answer @param {string} url */
  #show(startUs, endUs, footage, answer, url) {
    const now = serverNowUs();
    const length = endUs - startUs;
    const recorded = covered(footage.runs, startUs, endUs, now);
    const gaps = missing(footage.gaps, startUs, endUs, now);
    if (!recorded) {
      this.#say("is-bad", t("There is no footage in this interval."), list(gaps));
      return;
    }
    if (answer.bytes === null) {
      this.#say("is-bad", answer.problem || t("The server cannot be reached."));
      return;
    }
    const isWhole = length - recorded < SECOND / 10;
    const words = isWhole
      ? t("{duration}, recorded without a gap.", { duration: duration(length) })
      : t("{recorded} of {duration} are recorded.",
        { recorded: duration(recorded), duration: duration(length) });
    this.#say(isWhole ? "is-good" : "is-warn", words, list(gaps));
    setText(find(".clip-size", this.dialog), size(answer.bytes));
    this.link.setAttribute("href", url);
    this.link.removeAttribute("aria-disabled");
  }

  /** @param {string} kind @param {string} sentence @param {Node | null} [more] */
  #say(kind, sentence, more = null) {
    setText(find(".clip-size", this.dialog), "");
    this.summary.className = `clip-summary note ${kind}`;
    const sign = kind === "is-good" ? "check" : kind ? "alert" : "info";
    this.summary.replaceChildren(icon(sign), el("div", {}, el("p", {}, sentence), more));
  }
}

/** @param {number | null} startUs @param {number | null} endUs */
function whatIsWrong(startUs, endUs) {
  if (startUs === null || endUs === null) return t("Give a start and an end.");
  if (endUs <= startUs) return t("The end must be after the start.");
  if (endUs - startUs > LONGEST) return t("A clip can be a day long at most.");
  if (startUs > serverNowUs()) return t("The start is in the future.");
  return "";
}

/** The exact size, before anything is sent. @param {string} url */
async function weigh(url) {
  try {
    const answer = await fetch(url, { headers: { Range: "bytes=0-0" } });
    if (!answer.ok) {
      const problem = await answer.json().catch(() => null);
      return { bytes: null, problem: problem ? problemSentence(problem, answer.status) : "" };
    }
    const range = answer.headers.get("Content-Range") ?? "";
    const bytes = Number(range.split("/")[1] ?? answer.headers.get("Content-Length"));
    await answer.body?.cancel();
    return { bytes, problem: "" };
  } catch {
    return null;
  }
}

/** @param {ReturnType<typeof missing>} gaps */
function list(gaps) {
  if (!gaps.length) return null;
  const items = gaps.slice(0, MOST_GAPS_SHOWN).map((gap) => el("li", {},
    `${time(gap.startUs)} – ${time(gap.endUs)} (${duration(gap.endUs - gap.startUs)}): `
    + causeSentence(gap.cause)));
  const more = gaps.length - items.length;
  if (more > 0) {
    items.push(el("li", {}, tn("and {n} more gap", "and {n} more gaps", more)));
  }
  return el("ul", { class: "small" }, ...items);
}

/** 23 Nov 2026 14:05:09 – 14:07:09 WIB @param {number} startUs @param {number} endUs */
export function intervalWords(startUs, endUs) {
  return `${moment(startUs)} – ${time(endUs)} ${zoneName(endUs)}`;
}
