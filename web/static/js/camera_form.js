/** Adding or changing a camera: test it first, see its picture, then save. */
import { call } from "./api.js";
import { el, find, icon, setText } from "./dom.js";
import { busy, onSubmit, showError, values } from "./form.js";
import { t } from "./i18n.js";
import { pageData } from "./page_data.js";
import { bitRate, codecName, decimal, duration } from "./words.js";

/** A camera may be slow to send its first key frame. */
const PATIENCE_MS = 40_000;
const CLOCK_MATTERS_US = 2_000_000;

const camera = pageData("camera");
const form = /** @type {HTMLFormElement} */ (find("#camera-form"));
const probe = find(".probe");

/** What the form says, in the API's words; an untouched password is not sent. */
function fields() {
  const { name, url, sub_url, username, password } = values(form);
  const body = { name: name.trim(), url: url.trim(), sub_url: sub_url.trim(), username };
  const isKept = camera && !password;
  return isKept ? body : { ...body, password };
}

async function test() {
  const url = find("[name=url]", form);
  if (!url.reportValidity()) return;
  showError(form, "");
  showPicture("is-empty", "live", t("Asking the camera …"));
  find(".probe-facts", probe).replaceChildren();
  const { name: _name, sub_url: _sub, ...body } = fields();
  try {
    const question = camera ? { ...body, camera_id: camera.id } : body;
    show(await call("POST", "/cameras/probe", question, { patienceMs: PATIENCE_MS }));
  } catch (error) {
    showPicture("is-empty", "lost", "");
    const { message, problem } = /** @type {import("./api.js").ApiError} */ (error);
    note("is-bad", "alert", message, problem?.detail);
  }
}

/** @param {any} answer */
function show(answer) {
  const picture = find(".probe-picture", probe);
  if (answer.still) {
    picture.className = "probe-picture";
    picture.replaceChildren(el("img", { alt: t("Picture of the camera"),
      src: `data:image/jpeg;base64,${answer.still}` }));
  } else {
    showPicture("is-empty", "check", t("Connected, but no picture could be decoded."));
  }
  note("is-good", "check", t("The camera answers and sends pictures."));
  find(".probe-facts", probe).replaceChildren(...facts(answer).flatMap(([name, value]) => [
    el("dt", {}, name), el("dd", {}, value)]));
}

/** @param {any} a @returns {[string, string][]} */
function facts(a) {
  const video = a.video ?? a;
  const sound = a.audio?.codec ?? a.audio;
  /** @type {[string, string | null | false | undefined][]} */
  const all = [
    [t("Video"), video.codec && `${codecName(video.codec)}, ${video.width} × ${video.height}`],
    [t("Pictures per second"), a.frames_per_second && decimal(a.frames_per_second)],
    [t("Data rate"), a.bits_per_second && bitRate(a.bits_per_second)],
    [t("Key frame"), a.key_interval_s && t("every {n} s", { n: decimal(a.key_interval_s) })],
    [t("Sound"), sound ? codecName(sound) : t("none")],
    [t("Camera clock"), clockWords(a.clock_offset_us)],
    [t("Device"), a.server],
  ];
  return all.filter((fact) => fact[1]).map(([name, value]) => [name, String(value)]);
}

/** @param {number | null | undefined} us the camera's clock less ours */
function clockWords(us) {
  if (us === null || us === undefined) return t("not told");
  if (Math.abs(us) < CLOCK_MATTERS_US) return t("right");
  const length = duration(Math.abs(us));
  return us > 0 ? t("{duration} ahead of the server", { duration: length })
    : t("{duration} behind the server", { duration: length });
}

/** @param {string} kind @param {string} sign @param {string} sentence */
function showPicture(kind, sign, sentence) {
  const picture = find(".probe-picture", probe);
  picture.className = `probe-picture ${kind}`;
  picture.replaceChildren(el("div", {}, icon(sign), el("p", {}, sentence)));
  find(".probe-note", probe).hidden = true;
}

/** @param {string} kind @param {string} sign @param {string} sentence
 * @param {string} [detail] the server's own words, where they say more */
function note(kind, sign, sentence, detail = "") {
  const holder = find(".probe-note", probe);
  holder.hidden = false;
  holder.className = `probe-note note ${kind}`;
  const more = detail && detail !== sentence
    ? el("p", { class: "small quiet", lang: "en" }, detail) : null;
  holder.replaceChildren(icon(sign), el("div", {}, el("p", {}, sentence), more));
}

async function save() {
  if (camera) await call("PATCH", `/cameras/${camera.id}`, fields());
  else await call("POST", "/cameras", fields());
  location.assign("/cameras");
}

function listenToRemove() {
  const dialog = document.querySelector("#remove");
  const removal = dialog?.querySelector("form");
  if (!removal) return;
  onSubmit(removal, async () => {
    await call("DELETE", `/cameras/${camera.id}`);
    location.assign("/cameras");
  });
}

function listenToSwitch() {
  const button = document.querySelector("[data-switch]");
  button?.addEventListener("click", () => busy(/** @type {HTMLButtonElement} */ (button),
    async () => {
      try {
        await call("PATCH", `/cameras/${camera.id}`, { is_enabled: !camera.is_enabled });
        location.reload();
      } catch (error) {
        showError(form, /** @type {Error} */ (error).message);
      }
    }));
}

/** An address that has a user in it is taken apart. */
function takeApart() {
  const field = find("[name=url]", form);
  const parts = /^([a-z]+:\/\/)([^:@/]*):?([^@/]*)@(.+)$/i.exec(field.value.trim());
  if (!parts) return;
  field.value = parts[1] + parts[4];
  find("[name=username]", form).value = decodeURIComponent(parts[2]);
  find("[name=password]", form).value = decodeURIComponent(parts[3]);
  setText(find("#url-hint"), t("User and password were moved to their own fields."));
}

find("[data-test]").addEventListener("click", () => busy(find("[data-test]"), test));
find("[name=url]", form).addEventListener("change", takeApart);
onSubmit(form, save);
listenToRemove();
listenToSwitch();
