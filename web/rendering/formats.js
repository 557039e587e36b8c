// Numbers, ages and times as web/rendering/formatting.py writes them: text must not change when the page comes alive.
import { site, texts } from "./page_data.js";
import { isAhead } from "./states.js";

export const language = document.documentElement.lang === "en" ? "en" : "fr";
export const locale = language === "en" ? "en-GB" : "fr-FR";
export const NO_VALUE = "–";

const numbers = new Map();

export function number(value, decimals, signed = false) {
  if (value === null || value === undefined) return NO_VALUE;
  const key = `${decimals}${signed}`;
  if (!numbers.has(key)) {
    numbers.set(key, new Intl.NumberFormat(locale, {
      minimumFractionDigits: decimals, maximumFractionDigits: decimals,
      signDisplay: signed ? "exceptZero" : "negative",
    }));
  }
  return numbers.get(key).format(value);
}

export function valueText(value, parameter) {
  const state = value === null || value === undefined ? undefined : parameter.states[String(value)];
  return state ? state[language] : number(value, parameter.decimals);
}

export function ageText(seconds) {
  if (seconds === null || seconds === undefined) return NO_VALUE;
  // A clock that is a little ahead of ours has just sent.
  seconds = Math.max(0, seconds);
  for (const [limit, size, unit] of [[60, 1, "s"], [3600, 60, "min"], [172800, 3600, "h"]]) {
    if (seconds < limit) return `${Math.floor(seconds / size)} ${unit}`;
  }
  return `${Math.floor(seconds / 86400)} ${language === "en" ? "d" : "j"}`;
}

// How long ago; what lies ahead of the server's clock is said to.
export function sinceText(age) {
  if (age === null) return texts.never;
  return isAhead(site, age) ? fill(texts.ahead, { age: ageText(-age) }) : fill(texts.ago, { age: ageText(age) });
}

// The word beside a value, empty for a normal one; a stale one has its own age.
export function flagText(verdict) {
  const word = texts.values[verdict.state];
  return verdict.state === "stale" ? `${word} · ${ageText(verdict.age)}` : word;
}

// People see the site's clock, wherever they sit.
const clocks = new Map();
export function dateFormat(options) {
  const key = JSON.stringify(options);
  if (!clocks.has(key)) clocks.set(key, new Intl.DateTimeFormat(locale, { timeZone: site?.zone ?? "UTC", hourCycle: "h23", ...options }));
  return clocks.get(key);
}
export const clock = (ms) => dateFormat({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(ms);
export const moment = (ms) => dateFormat({
  day: "2-digit", month: "2-digit", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
}).format(ms).replace(",", "");

export const shortMoment = (ms) => dateFormat({
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
}).format(ms).replace(",", "");

export function fill(text, members) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => members[name] ?? whole);
}
