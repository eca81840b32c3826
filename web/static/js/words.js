/** Numbers and causes in words people understand. */
import { language, t, tn } from "./i18n.js";
import { DAY, HOUR, MINUTE, SECOND } from "./zone.js";

const locale = language === "id" ? "id-ID" : "en-GB";

/** How long, with two units at most: 2 h 5 min. @param {number} us */
export function duration(us) {
  const s = Math.max(0, Math.round(us / SECOND));
  if (s < 60) return t("{n} s", { n: s });
  if (s < 3600) {
    return join(t("{n} min", { n: Math.floor(s / 60) }), s % 60, "{n} s");
  }
  if (s < 86400) {
    return join(t("{n} h", { n: Math.floor(s / 3600) }), Math.floor((s % 3600) / 60),
      "{n} min");
  }
  const days = tn("{n} day", "{n} days", Math.floor(s / 86400));
  return join(days, Math.floor((s % 86400) / 3600), "{n} h");
}

/** @param {string} first @param {number} rest @param {string} unit */
function join(first, rest, unit) {
  return rest ? `${first} ${t(unit, { n: rest })}` : first;
}

/** A whole length for a button: 24 h, 10 min, 30 s. @param {number} us */
export function span(us) {
  if (us >= 2 * DAY) return tn("{n} day", "{n} days", Math.round(us / DAY));
  if (us >= HOUR) return t("{n} h", { n: Math.round((us / HOUR) * 10) / 10 });
  if (us >= MINUTE) return t("{n} min", { n: Math.round((us / MINUTE) * 10) / 10 });
  return t("{n} s", { n: Math.round((us / SECOND) * 10) / 10 });
}

/** 48.2 MB @param {number} bytes */
export function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let power = 0;
  let value = bytes;
  while (value >= 999.5 && power < units.length - 1) {
    value /= 1000;
    power += 1;
  }
  const digits = value < 10 && power > 1 ? 1 : 0;
  return `${value.toLocaleString(locale, { maximumFractionDigits: digits })} ${units[power]}`;
}

/** 3.9 Mbit/s @param {number} bitsPerSecond */
export function bitRate(bitsPerSecond) {
  if (bitsPerSecond < 999_500) return `${Math.round(bitsPerSecond / 1000)} kbit/s`;
  const millions = (bitsPerSecond / 1e6).toLocaleString(locale, {
    minimumFractionDigits: 1, maximumFractionDigits: 1,
  });
  return `${millions} Mbit/s`;
}

/** 1.2 @param {number} value */
export function decimal(value) {
  return value.toLocaleString(locale, {
    minimumFractionDigits: 1, maximumFractionDigits: 1,
  });
}

/** H.264 @param {string} codec */
export function codecName(codec) {
  const names = { h264: "H.264", h265: "H.265", aac: "AAC", pcma: "G.711 A-law", pcmu: "G.711 µ-law" };
  return names[/** @type {keyof typeof names} */ (codec)] ?? codec;
}

/** Why there is no footage, as a sentence. @param {string} cause */
export function causeSentence(cause) {
  switch (cause) {
    case "starting": return t("First connection under way.");
    case "unreachable": return t("The camera does not answer. Check its power and network.");
    case "refused": return t("The camera refuses the request. Check its address.");
    case "unauthorized": return t("The camera does not accept the user name or password.");
    case "silent": return t("The camera is connected but sends no pictures.");
    case "lost": return t("The connection to the camera was lost.");
    case "bad_stream": return t("What the camera sends cannot be understood.");
    case "clock": return t("The server's clock was set.");
    case "disk": return t("The disk was slow, full or failing.");
    case "overload": return t("The server could not keep up.");
    case "stopped": return t("The recorder was stopped.");
    case "killed": return t("The recorder ended unexpectedly.");
    case "disabled": return t("The camera was switched off.");
    case "missing": return t("A recorded file is gone or damaged.");
    default: return t("The cause is not known.");
  }
}
