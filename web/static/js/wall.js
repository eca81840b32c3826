/** The wall of live cameras. */
import { find, setText } from "./dom.js";
import { bestGrid, neighbour, pageOf } from "./grid.js";
import { t, tn } from "./i18n.js";
import { onKeys } from "./keys.js";
import { pageData } from "./page_data.js";
import { watchSeen } from "./seen.js";
import { setKind, shownState } from "./states.js";
import { statusOf, watchStatus } from "./status.js";
import { Tile } from "./tile.js";

const LAYOUT_KEY = "wall.layout";
const NARROW_PX = 720;

const wall = find(".wall");
const cameras = /** @type {import("./tile.js").TileCamera[]} */ (pageData("cameras"));
const tiles = cameras.map((camera) => new Tile(camera, { onMaximise: toggleLarge }));
const byElement = new Map(tiles.map((tile) => [tile.element, tile]));
const seen = watchSeen((element, isSeen) => {
  byElement.get(/** @type {HTMLElement} */ (element))?.setPlaying(isSeen);
});

let chosen = Number(localStorage.getItem(LAYOUT_KEY) ?? 0);
let page = 0;
let focused = 0;
let columns = 1;
/** @type {Tile | null} */
let large = null;

/** The tiles of this page. */
function shown() {
  const { first, last } = pageOf(cameras.length, chosen, page);
  return tiles.slice(first, last);
}

function arrange() {
  const place = pageOf(cameras.length, chosen, page);
  page = place.current;
  const visible = shown();
  tiles.forEach((tile) => { tile.element.hidden = !visible.includes(tile); });
  visible.forEach((tile, i) => {
    tile.setDigit(i < 9 && matchMedia("(hover: hover)").matches ? i + 1 : null);
    tile.element.tabIndex = i === focused ? 0 : -1;
  });
  fit();
  drawHead(place);
  seen.refresh();
}

/** Only sizes; runs on every change of the window. */
function fit() {
  const isNarrow = innerWidth <= NARROW_PX;
  const count = chosen || shown().length || 1;
  const grid = chosen && !isNarrow
    ? { columns: Math.sqrt(chosen), rows: Math.sqrt(chosen) }
    : bestGrid(count, wall.clientWidth, wall.clientHeight);
  columns = isNarrow ? (chosen >= 9 ? 2 : 1) : grid.columns;
  wall.style.setProperty("--columns", String(columns));
  wall.style.setProperty("--rows", String(grid.rows));
}

/** @param {ReturnType<typeof pageOf>} place */
function drawHead(place) {
  for (const button of document.querySelectorAll("[data-layout]")) {
    const isOn = Number(button.getAttribute("data-layout")) === chosen;
    button.setAttribute("aria-pressed", String(isOn));
  }
  const pages = find(".wall-pages");
  pages.hidden = place.pages < 2;
  setText(find(".wall-pages .where"), t("{n} of {all}", { n: page + 1, all: place.pages }));
}

/** @param {Tile} tile */
function toggleLarge(tile) {
  setLarge(large === tile ? null : tile);
}

/** @param {Tile | null} tile */
function setLarge(tile) {
  large?.setLarge(false);
  large = tile;
  large?.setLarge(true);
  wall.classList.toggle("has-large", large !== null);
  const back = large ?? shown()[focused];
  back?.element.focus({ preventScroll: true });
  seen.refresh();
}

/** @param {number} to */
function turnTo(to) {
  setLarge(null);
  page = to;
  focused = 0;
  arrange();
  shown()[0]?.element.focus({ preventScroll: true });
}

/** @param {number} layout */
function choose(layout) {
  const first = pageOf(cameras.length, chosen, page).first;
  chosen = layout;
  localStorage.setItem(LAYOUT_KEY, String(layout));
  page = Math.floor(first / pageOf(cameras.length, chosen, 0).size);
  focused = 0;
  arrange();
}

/** @param {string} key */
function move(key) {
  const visible = shown();
  const at = visible.findIndex((tile) => tile.element.contains(document.activeElement));
  focused = at < 0 ? focused : neighbour(at, key, columns, visible.length);
  if (large) setLarge(visible[focused]);
  arrange();
  visible[focused]?.element.focus();
}

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else wall.requestFullscreen().catch(() => {});
}

/** @param {import("./status.js").StreamStatus[]} streams */
function showStatus(streams) {
  const count = { recording: 0, connecting: 0, lost: 0, off: 0, unknown: 0 };
  for (const tile of tiles) {
    const status = statusOf(streams, tile.camera.id);
    tile.setStatus(status);
    count[shownState(status, tile.camera.isEnabled).kind] += 1;
  }
  tally("recording", tn("{n} recording", "{n} recording", count.recording), true);
  const trying = count.connecting + count.unknown;
  tally("connecting", tn("{n} connecting", "{n} connecting", trying), trying > 0);
  tally("lost", tn("{n} without connection", "{n} without connection", count.lost),
    count.lost > 0);
  tally("off", tn("{n} off", "{n} off", count.off), count.off > 0);
}

/** @param {string} kind @param {string} words @param {boolean} isShown */
function tally(kind, words, isShown) {
  const chip = find(`.tally [data-kind="${kind}"]`);
  setKind(chip, /** @type {import("./states.js").Kind} */ (kind));
  setText(chip, words);
  chip.hidden = !isShown;
}

function begin() {
  for (const tile of tiles) {
    wall.append(tile.element);
    seen.add(tile.element);
    tile.element.addEventListener("focusin", () => {
      focused = Math.max(0, shown().indexOf(tile));
    });
  }
  arrange();
  new ResizeObserver(fit).observe(wall);
  document.addEventListener("fullscreenchange", fit);
  setInterval(() => shown().forEach((tile) => tile.tick()), 1000);
  watchStatus(showStatus);
  listen();
}

function listen() {
  for (const button of document.querySelectorAll("[data-layout]")) {
    button.addEventListener("click", () => choose(Number(button.getAttribute("data-layout"))));
  }
  find("[data-full]").addEventListener("click", fullScreen);
  find("[data-turn='-1']").addEventListener("click", () => turnTo(page - 1));
  find("[data-turn='1']").addEventListener("click", () => turnTo(page + 1));
  onKeys({
    ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => [String(digit), () => {
      const tile = shown()[digit - 1];
      if (tile) toggleLarge(tile);
    }])),
    0: () => setLarge(null),
    Escape: () => setLarge(null),
    Enter: () => {
      const tile = shown().find((one) => one.element === document.activeElement);
      if (tile) toggleLarge(tile);
      return Boolean(tile);
    },
    f: fullScreen,
    o: () => {
      const tile = large ?? shown()[focused];
      if (tile) location.assign(`/cameras/${tile.camera.id}`);
    },
    PageDown: () => turnTo(page + 1),
    PageUp: () => turnTo(page - 1),
    ArrowLeft: () => move("ArrowLeft"),
    ArrowRight: () => move("ArrowRight"),
    ArrowUp: () => move("ArrowUp"),
    ArrowDown: () => move("ArrowDown"),
  });
}

begin();
