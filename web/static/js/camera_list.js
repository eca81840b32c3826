/** The list of cameras, with what each is doing now. */
import { el, find, setText } from "./dom.js";
import { pageData } from "./page_data.js";
import { setKind, shownState } from "./states.js";
import { statusOf, watchStatus } from "./status.js";
import { sinceWords } from "./tile.js";
import { bitRate, codecName } from "./words.js";

/** @type {{id: string, isEnabled: boolean}[]} */
const cameras = pageData("cameras");

for (const image of /** @type {NodeListOf<HTMLImageElement>} */ (
  document.querySelectorAll(".camera-name img"))) {
  const leave = () => image.replaceWith(el("span", { class: "no-still" }));
  if (image.complete && !image.naturalWidth) leave();
  else image.addEventListener("error", leave);
}

if (cameras.length) {
  watchStatus((streams) => {
    for (const camera of cameras) show(camera, statusOf(streams, camera.id));
  });
}

/** @param {{id: string, isEnabled: boolean}} camera
 * @param {import("./status.js").StreamStatus | null} status */
function show(camera, status) {
  const row = find(`[data-row="${camera.id}"]`);
  const shown = shownState(status, camera.isEnabled);
  setKind(find(".state", row), shown.kind);
  setText(find(".state", row), shown.word);
  const isDown = shown.kind !== "recording" && shown.sinceUs !== null;
  setText(find(".why", row), [shown.sentence, isDown ? sinceWords(Number(shown.sinceUs)) : ""]
    .filter(Boolean).join(" "));
  const isOn = status !== null && shown.kind === "recording";
  setText(find(".video", row), isOn && status.codec
    ? `${codecName(status.codec)}, ${status.width} × ${status.height}` : "–");
  setText(find(".rate", row), isOn ? bitRate(status.bitsPerSecond) : "–");
}
