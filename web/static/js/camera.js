/** One camera: live and recorded pictures, the timeline, clips. */
import { stillUrl } from "./api.js";
import { ClipDialog, intervalWords } from "./clip_dialog.js";
import { DayStrip } from "./days.js";
import { find, setIcon, setText } from "./dom.js";
import { FootageLoader } from "./footage_loader.js";
import { t } from "./i18n.js";
import { onKeys } from "./keys.js";
import { pageData } from "./page_data.js";
import { serverNowUs } from "./server_clock.js";
import { Stage } from "./stage.js";
import { shownState } from "./states.js";
import { statusOf, watchStatus } from "./status.js";
import { Timeline } from "./timeline.js";
import { bitRate, codecName, duration } from "./words.js";
import { HOUR, MINUTE, SECOND, fieldValue, parse, parseField, rfc3339 } from "./zone.js";

const SPEEDS = [0.5, 1, 2, 4, 8];
const JUMP = 10 * SECOND;

const camera = pageData("camera");
const loader = new FootageLoader(camera.id, "main", () => timeline.draw());
const stage = new Stage(find(".stage"), camera, { onTime: showTime, onMode: showMode });
const timeline = new Timeline(find(".timeline"), loader, {
  onPick: playFrom,
  onSelect: showSelection,
  onView: () => { days?.mark(timeline.headUs ?? serverNowUs()); showSpan(); },
});
/** @type {DayStrip | undefined} */
let days;
const clips = new ClipDialog(find("#clip"), camera.id, "main", loader);
const when = find(".when input");

/** @param {number} us */
function playFrom(us) {
  if (us >= serverNowUs() - 2 * SECOND) goLive();
  else stage.playFrom(us);
}

function goLive() {
  timeline.isFollowing = true;
  stage.goLive();
  timeline.setHead(null);
  timeline.show({ ...timeline.view, startUs: serverNowUs() });
}

/** @param {number} byUs */
function jump(byUs) {
  const from = stage.shownUs ?? serverNowUs();
  timeline.isFollowing = true;
  playFrom(from + byUs);
}

/** The field follows the picture, unless somebody types into it. @param {number} us */
function showInField(us) {
  if (document.activeElement !== when) when.value = fieldValue(us);
}

/** The shown picture's time moved. @param {number} us */
function showTime(us) {
  timeline.setHead(us);
  days?.mark(us);
  showInField(us);
}

/** @param {import("./stage.js").Mode} mode */
function showMode(mode) {
  const isLive = mode.kind === "live";
  if (isLive) timeline.setHead(null);
  const live = find(".transport .live");
  live.classList.toggle("is-on", isLive);
  live.setAttribute("aria-pressed", String(isLive));
  const play = find("[data-do=play]");
  setIcon(play, mode.isPaused ? "play" : "pause");
  play.setAttribute("aria-label", mode.isPaused ? t("Play") : t("Pause"));
  for (const name of ["step-back", "step-on"]) find(`[data-do=${name}]`).disabled = isLive;
  find(".speed").disabled = isLive;
}

/** @param {import("./timeline.js").Interval | null} interval */
function showSelection(interval) {
  const bar = find(".selection");
  bar.hidden = interval === null;
  if (!interval) return;
  setText(find(".interval", bar), intervalWords(interval.startUs, interval.endUs));
  setText(find(".length", bar), duration(interval.endUs - interval.startUs));
}

function showSpan() {
  for (const button of document.querySelectorAll("[data-span]")) {
    const isOn = Math.abs(Number(button.getAttribute("data-span")) - timeline.view.spanUs)
      < SECOND;
    button.setAttribute("aria-pressed", String(isOn));
  }
}

/** @param {number} spanUs */
function setSpan(spanUs) {
  timeline.zoom(spanUs / timeline.view.spanUs);
}

/** @param {1 | -1} direction to closer or wider */
function nextSpan(direction) {
  timeline.zoom(direction > 0 ? 0.5 : 2);
}

/** @param {number} by */
function changeSpeed(by) {
  const at = SPEEDS.indexOf(stage.rate);
  setSpeed(SPEEDS[Math.min(Math.max(at + by, 0), SPEEDS.length - 1)]);
}

/** @param {number} rate */
function setSpeed(rate) {
  stage.setRate(rate);
  find(".speed").value = String(rate);
}

function openClip() {
  const { selection } = timeline;
  const end = Math.min((stage.shownUs ?? serverNowUs()) + 30 * SECOND, serverNowUs());
  clips.open(selection?.startUs ?? end - MINUTE, selection?.endUs ?? end);
}

function saveStill() {
  const us = Math.round(stage.shownUs ?? serverNowUs());
  const link = document.createElement("a");
  link.href = stillUrl(camera.id, "main", { at: rfc3339(us), isExact: true });
  link.download = `${camera.name} ${fieldValue(us).replaceAll(":", ".")}.jpg`;
  link.click();
}

function toggleSound() {
  stage.setMuted(!stage.isMuted);
  const button = find("[data-do=sound]");
  setIcon(button, stage.isMuted ? "muted" : "sound");
  button.setAttribute("aria-pressed", String(!stage.isMuted));
}

function toggleSelecting() {
  timeline.isSelecting = !timeline.isSelecting;
  find("[data-do=select]").setAttribute("aria-pressed", String(timeline.isSelecting));
}

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else find(".camera").requestFullscreen().catch(() => {});
}

/** Mark the start or the end of an interval at the shown picture.
 * @param {"startUs" | "endUs"} edge */
function mark(edge) {
  const us = stage.shownUs;
  if (us === null) return;
  const now = timeline.selection ?? { startUs: us, endUs: us };
  const next = { ...now, [edge]: us };
  if (next.startUs > next.endUs) next.startUs = next.endUs = us;
  timeline.select(next);
}

/** @param {import("./status.js").StreamStatus[]} streams */
function showStatus(streams) {
  const status = statusOf(streams, camera.id);
  const shown = shownState(status, camera.isEnabled);
  stage.setStatus(shown);
  const chip = find(".page-head .state");
  chip.className = `state is-${shown.kind === "unknown" ? "off" : shown.kind}`;
  setText(chip, shown.word);
  const facts = !status || !status.codec ? [] : [
    codecName(status.codec), status.width ? `${status.width} × ${status.height}` : "",
    status.framesPerSecond ? t("{n} pictures/s", { n: Math.round(status.framesPerSecond) }) : "",
    status.bitsPerSecond ? bitRate(status.bitsPerSecond) : "",
  ];
  setText(find(".stream-facts"), facts.filter(Boolean).join(" · "));
}

const actions = {
  play: () => (stage.isLive ? stage.pauseLive() : stage.togglePlay()),
  "back-10": () => jump(-JUMP),
  "on-10": () => jump(JUMP),
  "step-back": () => stage.step(-1),
  "step-on": () => stage.step(1),
  live: goLive,
  still: saveStill,
  clip: openClip,
  sound: toggleSound,
  full: fullScreen,
  select: toggleSelecting,
  "zoom-in": () => nextSpan(1),
  "zoom-out": () => nextSpan(-1),
  earlier: () => timeline.pan(-0.5),
  later: () => timeline.pan(0.5),
  unselect: () => timeline.select(null),
};

function listen() {
  for (const button of document.querySelectorAll("[data-do]")) {
    const name = /** @type {keyof typeof actions} */ (button.getAttribute("data-do"));
    button.addEventListener("click", () => actions[name]());
  }
  for (const button of document.querySelectorAll("[data-span]")) {
    button.addEventListener("click", () => setSpan(Number(button.getAttribute("data-span"))));
  }
  find(".speed").addEventListener("change", (/** @type {any} */ event) => {
    setSpeed(Number(event.target.value));
    event.target.blur();
  });
  find(".when").addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    const us = parseField(when.value);
    if (us !== null) {
      timeline.isFollowing = true;
      timeline.show({ ...timeline.view, startUs: us - timeline.view.spanUs / 2 });
      playFrom(us);
    }
    when.blur();
  });
  document.addEventListener("themechange", () => {
    timeline.recolour();
    days?.recolour();
  });
  onKeys({
    " ": actions.play, k: actions.play,
    ArrowLeft: actions["back-10"], ArrowRight: actions["on-10"],
    "Shift+ArrowLeft": () => jump(-MINUTE), "Shift+ArrowRight": () => jump(MINUTE),
    ",": actions["step-back"], ".": actions["step-on"],
    l: goLive, s: saveStill, d: openClip, f: fullScreen, m: toggleSound,
    "+": actions["zoom-in"], "=": actions["zoom-in"], "-": actions["zoom-out"],
    "[": () => mark("startUs"), "]": () => mark("endUs"),
    i: () => mark("startUs"), o: () => mark("endUs"),
    PageUp: actions.earlier, PageDown: actions.later,
    ArrowUp: () => changeSpeed(1), ArrowDown: () => changeSpeed(-1),
    g: () => when.focus(),
    Escape: () => (timeline.selection ? timeline.select(null) : undefined),
  });
}

/** A young camera's footage should be seen without searching. */
async function fitToFootage() {
  const now = serverNowUs();
  const { firstUs } = await loader.ask(now - HOUR, now).catch(() => ({ firstUs: null }));
  if (firstUs === null || timeline.view.spanUs !== HOUR) return;
  setSpan(Math.min(Math.max((now - firstUs) * 1.25, 5 * MINUTE), HOUR));
}

function begin() {
  const asked = new URLSearchParams(location.search).get("at");
  timeline.show({ startUs: serverNowUs(), spanUs: HOUR });
  days = new DayStrip(find(".days"), loader, (startUs, endUs) => {
    timeline.isFollowing = true;
    timeline.show({ startUs, spanUs: endUs - startUs });
    playFrom(startUs);
  });
  listen();
  watchStatus(showStatus);
  setInterval(() => { if (stage.isLive) showInField(stage.shownUs ?? serverNowUs()); }, 1000);
  if (asked && !Number.isNaN(parse(asked))) {
    const us = parse(asked);
    timeline.show({ startUs: us - HOUR / 2, spanUs: HOUR });
    playFrom(us);
  } else {
    stage.goLive();
    fitToFootage();
  }
}

begin();
