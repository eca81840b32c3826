/** The picture of the camera page: live, or recorded, or words that say why neither. */
import { el, find, icon, setIcon, setText } from "./dom.js";
import { at } from "./footage.js";
import { FootageLoader } from "./footage_loader.js";
import { t } from "./i18n.js";
import { LivePlayer } from "./live_player.js";
import { RecordedPlayer } from "./recorded_player.js";
import { RecordedStills } from "./recorded_stills.js";
import { serverNowUs } from "./server_clock.js";
import { sinceWords, unplayable } from "./tile.js";
import { toast } from "./toast.js";
import { causeSentence, decimal, duration } from "./words.js";
import { SECOND, day, time, zoneName } from "./zone.js";

/** A tab that nobody sees stops to play after this time. */
const SLEEP_AFTER_MS = 10_000;

/** @typedef {{kind: "live" | "recorded", isPaused: boolean}} Mode */

export class Stage {
  rate = 1;
  isMuted = true;
  /** @type {LivePlayer | null} */
  #live = null;
  /** @type {RecordedPlayer | RecordedStills | null} */
  #recorded = null;
  /** Once this browser has failed to play the camera's codec, it is not tried again. */
  #isPlayable = true;
  /** @type {FootageLoader | null} its own: the timeline may look at another day */
  #loader = null;
  /** @type {import("./states.js").Shown | null} */
  #status = null;
  /** @type {import("./live_player.js").LiveNews} */
  #news = { state: "connecting" };
  /** @type {string} */
  #words = "";
  #sleep = 0;

  /**
   * @param {HTMLElement} holder
   * @param {{id: string, name: string, isEnabled: boolean}} camera
   * @param {{onTime: (us: number) => void, onMode: (mode: Mode) => void}} listener
   */
  constructor(holder, camera, listener) {
    this.camera = camera;
    this.listener = listener;
    this.picture = el("div", { class: "stage-picture" });
    this.sentence = el("p", {});
    this.since = el("p", { class: "since" });
    this.message = el("div", { class: "stage-message", role: "status" }, icon("live"),
      this.sentence, this.since);
    this.badge = /** @type {HTMLElement} */ (find(".reading"));
    this.mode = find(".mode", this.badge);
    this.clock = find("b", this.badge);
    this.date = find(".date", this.badge);
    holder.append(this.picture, this.message);
    setInterval(() => this.#tick(), 250);
    document.addEventListener("visibilitychange", () => this.#drowse());
  }

  get isLive() {
    return this.#recorded === null;
  }

  /** The time of the picture that is shown; null while there is none. */
  get shownUs() {
    if (this.#recorded) return this.#recorded.timeUs;
    return this.#live?.shownUs ?? null;
  }

  goLive() {
    this.#recorded?.close();
    this.#loader?.close();
    this.#recorded = this.#loader = null;
    if (!this.#live) this.#startLive();
    this.#tellMode();
    this.#draw();
  }

  /** @param {number} us */
  playFrom(us) {
    if (!this.#recorded) this.#startRecorded();
    this.#recorded?.seek(us);
    this.#tellMode();
  }

  /** A live picture that is stopped is a recorded one. */
  pauseLive() {
    const us = this.shownUs ?? serverNowUs();
    this.playFrom(us);
    this.#recorded?.pause();
    this.#tellMode();
  }

  togglePlay() {
    const player = this.#recorded;
    if (!player) return;
    if (player.isPaused) player.play();
    else player.pause();
    this.#tellMode();
  }

  /** @param {1 | -1} direction */
  step(direction) {
    this.#recorded?.step(direction);
    this.#tellMode();
  }

  /** @param {number} rate */
  setRate(rate) {
    this.rate = rate;
    this.#recorded?.setRate(rate);
  }

  /** @param {boolean} isMuted */
  setMuted(isMuted) {
    this.isMuted = isMuted;
    if (this.#live) this.#live.video.muted = isMuted;
    this.#recorded?.setMuted(isMuted);
  }

  /** @param {import("./states.js").Shown} status */
  setStatus(status) {
    this.#status = status;
    this.#draw();
  }

  #startLive() {
    const player = new LivePlayer(this.camera.id, "main", (news) => {
      if (player !== this.#live) return;
      this.#news = news;
      this.#draw();
    }, { isMuted: this.isMuted });
    this.#live = player;
    this.#words = "";
    this.picture.append(player.element);
    player.start();
  }

  #startRecorded() {
    this.#live?.stop();
    this.#live = null;
    this.#loader ??= new FootageLoader(this.camera.id, "main");
    const Player = this.#isPlayable ? RecordedPlayer : RecordedStills;
    this.#recorded = new Player({
      cameraId: this.camera.id, role: "main", loader: this.#loader, isMuted: this.isMuted,
      onNews: (news) => this.#hear(news), onTime: (us) => this.listener.onTime(us),
    });
    this.#recorded.setRate(this.rate);
    this.picture.append(this.#recorded.element);
  }

  /** @param {import("./recorded_player.js").PlayNews} news */
  #hear(news) {
    if (news.kind === "live-edge") {
      this.goLive();
      return;
    }
    if (news.kind === "unplayable" && this.#isPlayable) {
      this.#changeToStills(news.us ?? serverNowUs());
      return;
    }
    if (news.kind === "none") this.#words = this.#whyNone(news.us ?? 0);
    else if (news.kind === "failed") this.#words = news.sentence ?? "";
    else if (news.kind === "unplayable") this.#words = unplayable("H.265");
    else this.#words = "";
    if (news.skippedFromUs !== undefined && news.us) {
      toast(this.#skipped(news.skippedFromUs, news.us));
    }
    this.#tellMode();
    this.#draw();
  }

  /** @param {number} us */
  #changeToStills(us) {
    this.#isPlayable = false;
    const isPaused = this.#recorded?.isPaused ?? false;
    this.#recorded?.close();
    this.#startRecorded();
    if (isPaused) this.#recorded?.pause();
    this.#recorded?.seek(us);
  }

  /** @param {number} us */
  #whyNone(us) {
    const gap = this.#gapAt(us);
    return gap ? causeSentence(gap.cause) : t("There is no footage from this time on.");
  }

  /** @param {number} us */
  #gapAt(us) {
    return at(this.#loader?.footage.gaps ?? [], us);
  }

  /** @param {number} fromUs @param {number} toUs */
  #skipped(fromUs, toUs) {
    const gap = this.#gapAt(fromUs + SECOND / 100);
    const length = t("No footage for {duration}.", { duration: duration(toUs - fromUs) });
    return gap ? `${length} ${causeSentence(gap.cause)}` : length;
  }

  #tellMode() {
    const isPaused = this.#recorded?.isPaused ?? false;
    this.listener.onMode({ kind: this.isLive ? "live" : "recorded", isPaused });
  }

  #draw() {
    const isLive = this.isLive;
    const isStills = isLive && this.#news.state === "stills";
    const isDark = isLive ? this.#news.state !== "playing" : this.#words !== "";
    const isLost = isLive && !isStills && (this.#news.state === "offline"
      || this.#status?.kind === "lost" || this.#status?.kind === "off");
    const isBar = isStills || (!isLive && this.#words.includes("H.265"));
    this.message.hidden = !isDark;
    this.message.classList.toggle("is-hatched", isLost || (!isLive && !isBar));
    this.message.classList.toggle("is-bar", isBar);
    this.message.firstElementChild?.toggleAttribute("hidden", isBar);
    setIcon(this.message, isLost || !isLive ? "lost" : "live");
    setText(this.sentence, isLive ? this.#liveWords() : this.#words);
    this.#tick();
  }

  #liveWords() {
    if (this.#news.state === "stills") return unplayable(this.#news.codec ?? "");
    if (this.#status?.sentence) return this.#status.sentence;
    if (this.#news.state === "offline") return causeSentence(this.#news.cause ?? "");
    return t("Waiting for the first picture …");
  }

  /** What runs with time: clock, seconds behind, length of the outage. */
  #tick() {
    const us = this.shownUs;
    this.badge.classList.toggle("is-live", this.isLive);
    const behindS = this.#live?.behindS ?? null;
    const word = this.isLive
      ? behindS === null ? t("Live") : t("Live, {n} s behind", { n: decimal(behindS) })
      : t("Playback");
    setText(this.mode, word);
    setText(this.clock, us === null ? "" : time(us));
    setText(this.date, us === null ? "" : `${day(us)} · ${zoneName(us)}`);
    const sinceUs = this.isLive ? this.#status?.sinceUs ?? null : null;
    const isDown = this.#status && this.#status.kind !== "recording";
    setText(this.since, sinceUs !== null && isDown ? sinceWords(sinceUs) : "");
  }

  /** Live pictures for nobody cost something: begin anew when the tab is back. */
  #drowse() {
    clearTimeout(this.#sleep);
    if (!document.hidden) {
      if (this.isLive && !this.#live) this.#startLive();
      return;
    }
    this.#sleep = setTimeout(() => {
      this.#live?.stop();
      this.#live = null;
    }, SLEEP_AFTER_MS);
  }
}
