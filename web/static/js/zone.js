/**
 * Times in the site's zone, whatever zone the browser is in.
 * Inside, a time is whole microseconds in UTC, as everywhere in the server.
 */
import { language } from "./i18n.js";

export const SECOND = 1_000_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const zone = document.documentElement.dataset.zone || "UTC";
const locale = language === "id" ? "id-ID" : "en-GB";
// Zones change their offset only on a quarter of an hour.
const QUARTER = 15 * MINUTE;
/** @type {Map<number, number>} */
const offsets = new Map();

const fields = new Intl.DateTimeFormat("en-US", {
  timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
  hour: "numeric", minute: "numeric", second: "numeric",
});
const dayFormat = dateFormat({ weekday: "short", day: "numeric", month: "short" });
const dateOnly = dateFormat({ day: "numeric", month: "short", year: "numeric" });
const weekday = dateFormat({ weekday: "short" });
const dayMonth = dateFormat({ day: "numeric", month: "short" });
const named = dateFormat({ timeZoneName: "short", hour: "numeric" });

/** @param {Intl.DateTimeFormatOptions} options */
function dateFormat(options) {
  return new Intl.DateTimeFormat(locale, { timeZone: zone, ...options });
}

/** How far the zone's clocks are ahead of UTC at this time. @param {number} us */
export function offset(us) {
  const quarter = Math.floor(us / QUARTER);
  let known = offsets.get(quarter);
  if (known === undefined) {
    const parts = Object.fromEntries(
      fields.formatToParts(new Date((quarter * QUARTER) / 1000))
        .map((part) => [part.type, Number(part.value)]),
    );
    known = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute,
      parts.second) * 1000 - quarter * QUARTER;
    offsets.set(quarter, known);
  }
  return known;
}

/** Midnight of the day this time is in. @param {number} us */
export function dayStart(us) {
  const local = us + offset(us);
  return fromLocal(Math.floor(local / DAY) * DAY);
}

/** The midnight after. @param {number} us */
export function nextDay(us) {
  return dayStart(dayStart(us) + 26 * HOUR);
}

/** The midnight before. @param {number} us */
export function previousDay(us) {
  return dayStart(dayStart(us) - 2 * HOUR);
}

/**
 * A reading of the local clocks as a time. An hour that exists twice gives its first
 * time, one that is skipped the time after.
 * @param {number} local microseconds as if the local reading were UTC
 */
function fromLocal(local) {
  const shifts = [offset(local - DAY), offset(local + DAY)].sort((a, b) => b - a);
  for (const shift of shifts) {
    if (offset(local - shift) === shift) return local - shift;
  }
  return local - shifts[1];
}

/** @param {string} text of a date-time field @returns {number | null} */
export function parseField(text) {
  const ms = Date.parse(`${text}Z`);
  return Number.isNaN(ms) ? null : fromLocal(ms * 1000);
}

/** The value of a date-time field. @param {number} us */
export function fieldValue(us) {
  return new Date((us + offset(us)) / 1000).toISOString().slice(0, 19);
}

/** 14:05 @param {number} us */
export function shortTime(us) {
  return fieldValue(us).slice(11, 16);
}

/** 14:05:09 @param {number} us */
export function time(us) {
  return fieldValue(us).slice(11, 19);
}

/** 14:05:09.240 @param {number} us */
export function fineTime(us) {
  return new Date((us + offset(us)) / 1000).toISOString().slice(11, 23);
}

/** Mon 23 Nov @param {number} us */
export function day(us) {
  return dayFormat.format(us / 1000);
}

/** 23 Nov 2026 @param {number} us */
export function date(us) {
  return dateOnly.format(us / 1000);
}

/** Mon @param {number} us */
export function weekdayName(us) {
  return weekday.format(us / 1000);
}

/** 23 Nov @param {number} us */
export function dayAndMonth(us) {
  return dayMonth.format(us / 1000);
}

/** 23 Nov 2026 14:05:09 @param {number} us */
export function moment(us) {
  return `${date(us)} ${time(us)}`;
}

/** WIB, GMT+7 @param {number} us */
export function zoneName(us) {
  return named.formatToParts(us / 1000).find((p) => p.type === "timeZoneName")?.value
    ?? zone;
}

/** RFC 3339 with all its digits to microseconds. @param {string} text */
export function parse(text) {
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? "";
  const seconds = Date.parse(text.replace(/\.\d+/, ""));
  return seconds * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6));
}

/** RFC 3339 in UTC. @param {number} us */
export function rfc3339(us) {
  const whole = Math.floor(us / SECOND);
  const rest = Math.round(us - whole * SECOND);
  const text = new Date(whole * 1000).toISOString().slice(0, 19);
  return rest ? `${text}.${String(rest).padStart(6, "0")}Z` : `${text}Z`;
}
