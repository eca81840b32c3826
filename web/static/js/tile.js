/** One camera on the wall: picture, name, state, and words where there is no picture. */
import { el, icon, setIcon, setText } from "./dom.js";
import { t } from "./i18n.js";
import { LivePlayer } from "./live_player.js";
import { serverNowUs } from "./server_clock.js";
import { setKind, shownState } from "./states.js";
import { causeSentence, decimal, duration } from "./words.js";
import { DAY, day, time } from "./zone.js";

/** A tile this narrow has room for its picture and name only. */
const SMALL_PX = 240;
/** A picture this old is no longer what happens now. */
const LATE_S = 3;

/** @typedef {{id: string, name: string, hasSub: boolean, isEnabled: boolean}} TileCamera */

export class Tile {
  /** @type {LivePlayer | null} the player that is seen */
  #player = null;
  /** @type {LivePlayer | null} the one that replaces it at its first picture */
  #coming = null;
  #isLarge = false;
  #isWanted = false;
  /** @type {import("./live_player.js").LiveNews} */
  #news = { state: "connecting" };
  /** @type {import("./status.js").StreamStatus | null | undefined} */
  #status;

  /** @param {TileCamera} camera @param {{onMaximise: (tile: Tile) => void}} options */
  constructor(camera, { onMaximise }) {
    this.camera = camera;
    this.digit = el("span", { class: "digit" });
    this.picture = el("div", { class: "tile-picture" });
    this.chip = el("span", { class: "state is-off" }, el("span", {}, t("Connecting")));
    this.behind = el("span", { class: "chip behind", hidden: true });
    this.sentence = el("p", {});
    this.since = el("p", { class: "since" });
    this.message = el("div", { class: "tile-message" }, icon("live"), this.sentence,
      this.since);
    this.maximise = el("button", { type: "button", onclick: () => onMaximise(this) },
      icon("expand"));
    this.element = this.#build();
    this.setLarge(false);
    this.#draw();
  }

  #build() {
    const { id, name } = this.camera;
    const playback = t("Timeline of {name}", { name });
    return el("article", { class: "tile", tabIndex: -1, "data-camera": id, "aria-label": name,
      ondblclick: () => this.maximise.click() },
    this.picture, this.message,
    // Cameras write name and time into the corners at the top: those stay free.
    el("div", { class: "tile-foot" },
      el("span", { class: "chip tile-name" }, this.digit, el("span", {}, name), this.chip),
      this.behind,
      el("span", { class: "tile-actions" },
        el("a", { href: `/cameras/${id}`, title: playback, "aria-label": playback },
          icon("timeline")),
        this.maximise)));
  }

  /** Begin or end to play; a tile nobody sees costs nothing. @param {boolean} isWanted */
  setPlaying(isWanted) {
    if (isWanted === this.#isWanted) return;
    this.#isWanted = isWanted;
    if (isWanted) this.#play();
    else this.#stop();
  }

  /** @param {boolean} isLarge */
  setLarge(isLarge) {
    const label = isLarge ? t("Back to the wall") : t("Maximise {name}", { name: this.camera.name });
    this.maximise.title = label;
    this.maximise.setAttribute("aria-label", label);
    setIcon(this.maximise, isLarge ? "shrink" : "expand");
    this.element.classList.toggle("is-large", isLarge);
    if (isLarge === this.#isLarge) return;
    this.#isLarge = isLarge;
    if (this.#isWanted && this.camera.hasSub) this.#play();
  }

  /** @param {number | null} digit the key that maximises this tile */
  setDigit(digit) {
    setText(this.digit, digit === null ? "" : String(digit));
    this.digit.hidden = digit === null;
  }

  /** @param {import("./status.js").StreamStatus | null} status */
  setStatus(status) {
    this.#status = status;
    this.#draw();
  }

  /** Once a second: what runs with time. */
  tick() {
    const behindS = this.#player?.behindS ?? null;
    this.behind.hidden = behindS === null || this.#news.state !== "playing";
    if (behindS !== null) {
      setText(this.behind, t("{n} s behind", { n: decimal(behindS) }));
      this.behind.classList.toggle("is-late", behindS > LATE_S);
    }
    this.element.classList.toggle("is-small", this.element.clientWidth < SMALL_PX);
    this.#drawSince();
  }

  #play() {
    const role = this.#isLarge || !this.camera.hasSub ? "main" : "sub";
    this.#coming?.stop();
    const player = new LivePlayer(this.camera.id, role, (news) => this.#hear(player, news));
    this.#coming = player;
    this.picture.append(player.element);
    player.start();
  }

  #stop() {
    this.#coming?.stop();
    this.#player?.stop();
    this.#coming = this.#player = null;
    this.#news = { state: "connecting" };
  }

  /** @param {LivePlayer} player @param {import("./live_player.js").LiveNews} news */
  #hear(player, news) {
    if (player === this.#coming && (news.state !== "connecting" || !this.#player)) {
      this.#player?.stop();
      this.#player = player;
      this.#coming = null;
    }
    if (player !== this.#player) return;
    this.#news = news;
    this.#draw();
  }

  #draw() {
    const shown = shownState(this.#status, this.camera.isEnabled);
    setKind(this.chip, shown.kind);
    setText(/** @type {Element} */ (this.chip.firstElementChild), shown.word);
    const news = this.#news;
    const isStills = news.state === "stills";
    this.message.hidden = news.state === "playing";
    this.message.classList.toggle("is-bar", isStills);
    const isTrying = shown.kind === "connecting" || shown.kind === "unknown";
    const isLost = !isStills && (shown.kind === "lost" || shown.kind === "off"
      || (news.state === "offline" && !isTrying));
    this.message.classList.toggle("is-hatched", isLost);
    setIcon(this.message, isLost ? (shown.kind === "off" ? "off" : "lost") : "live");
    /** @type {HTMLElement} */ (this.message.firstElementChild).toggleAttribute("hidden", isStills);
    setText(this.sentence, isStills ? unplayable(news.codec ?? "") : this.#why(shown));
    this.#drawSince();
  }

  /** @param {import("./states.js").Shown} shown */
  #why(shown) {
    if (shown.sentence) return shown.sentence;
    if (this.#news.state === "offline") return causeSentence(this.#news.cause ?? "");
    return t("Waiting for the first picture …");
  }

  #drawSince() {
    const { kind, sinceUs } = shownState(this.#status, this.camera.isEnabled);
    const isAsked = kind !== "recording" && sinceUs !== null && this.#news.state !== "stills";
    setText(this.since, isAsked ? sinceWords(Number(sinceUs)) : "");
  }
}

/** @param {string} codec */
export function unplayable(codec) {
  return t("This browser cannot play {codec}. Single pictures are shown instead.", { codec });
}

/** Since 14:05:09, for 12 min. @param {number} us */
export function sinceWords(us) {
  const length = serverNowUs() - us;
  const when = length > DAY / 2 ? `${day(us)} ${time(us)}` : time(us);
  return t("Since {time}, for {duration}", { time: when, duration: duration(length) });
}
