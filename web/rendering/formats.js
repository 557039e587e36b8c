// Numbers, ages and times as web/rendering/formatting.py writes them: text must not change when the page comes alive.
import { site, texts } from "./page_data.js";
import { isAhead } from "./states.js";

/** @import { Language, Parameter, ValueVerdict } from "./types" */

/** @type {Language} */
export const language = document.documentElement.lang === "en" ? "en" : "fr";
export const locale = language === "en" ? "en-GB" : "fr-FR";
export const NO_VALUE = "–";

/** @type {Map<string, Intl.NumberFormat>} */
const numberFormats = new Map();

/**
 * @param {number | null | undefined} value
 * @param {number} decimals
 * @param {boolean} [signed] with a plus sign where it is positive
 */
export function number(value, decimals, signed = false) {
  if (value === null || value === undefined) return NO_VALUE;
  const key = `${decimals}${signed}`;
  let format = numberFormats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(locale, {
      minimumFractionDigits: decimals, maximumFractionDigits: decimals,
      signDisplay: signed ? "exceptZero" : "negative",
    });
    numberFormats.set(key, format);
  }
  return format.format(value);
}

/**
 * @param {number | null | undefined} value
 * @param {Parameter} parameter
 */
export function valueText(value, parameter) {
  const state = value === null || value === undefined ? undefined : parameter.states[String(value)];
  return state ? state[language] : number(value, parameter.decimals);
}

/** @type {[number, number, string][]} */
const AGES = [[60, 1, "s"], [3600, 60, "min"], [172800, 3600, "h"]];

/** @param {number | null | undefined} seconds */
export function ageText(seconds) {
  if (seconds === null || seconds === undefined) return NO_VALUE;
  // A clock that is a little ahead of ours has just sent.
  const age = Math.max(0, seconds);
  for (const [limit, size, unit] of AGES) {
    if (age < limit) return `${Math.floor(age / size)} ${unit}`;
  }
  return `${Math.floor(age / 86400)} ${language === "en" ? "d" : "j"}`;
}

/**
 * How long ago; what lies ahead of the server's clock is said to.
 * @param {number | null} age seconds
 */
export function sinceText(age) {
  if (age === null) return texts.never;
  return isAhead(site, age) ? fill(texts.ahead, { age: ageText(-age) }) : fill(texts.ago, { age: ageText(age) });
}

/**
 * The word beside a value, empty for a normal one; a stale one has its own age.
 * @param {ValueVerdict} verdict
 */
export function flagText(verdict) {
  const word = texts.values[verdict.state];
  return verdict.state === "stale" ? `${word} · ${ageText(verdict.age)}` : word;
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const dateFormats = new Map();

/**
 * In the site's time zone, wherever people sit.
 * @param {Intl.DateTimeFormatOptions} options
 */
export function dateFormat(options) {
  const key = JSON.stringify(options);
  let format = dateFormats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(locale, { timeZone: site.zone, hourCycle: "h23", ...options });
    dateFormats.set(key, format);
  }
  return format;
}

/** @param {number} ms */
export const clock = (ms) => dateFormat({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(ms);

/** @param {number} ms */
export const moment = (ms) => dateFormat({
  day: "2-digit", month: "2-digit", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
}).format(ms).replace(",", "");

/** @param {number} ms */
export const shortMoment = (ms) => dateFormat({
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
}).format(ms).replace(",", "");

/**
 * Return the instant, in milliseconds, at which the site's clock shows a time as a field "datetime-local" gives it.
 * @param {string} text
 */
export function toInstant(text) {
  const asUtc = Date.parse(`${text}Z`);
  const format = dateFormat({ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" });
  /** @param {number} ms */
  const offset = (ms) => {
    const parts = Object.fromEntries(format.formatToParts(ms).map((part) => [part.type, Number(part.value)]));
    const shown = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second);
    return shown - Math.floor(ms / 1000) * 1000;
  };
  return Number.isFinite(asUtc) ? asUtc - offset(asUtc - offset(asUtc)) : Number.NaN;
}

/**
 * @param {string} text with places such as {name}
 * @param {Record<string, string | number>} members
 */
export function fill(text, members) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(members[name] ?? whole));
}
