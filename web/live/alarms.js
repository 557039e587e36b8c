// The alarms of a page: the strip above it, whose changes are read out, the number in the navigation, and the calls.
import { assets, texts } from "../rendering/page_data.js";
import { fill, language } from "../rendering/formats.js";
import { find } from "../rendering/elements.js";
import { call } from "./calling.js";

/** @import { Alarm } from "../rendering/types" */

const ORDER = { critical: 0, major: 1, warning: 2 };

/** @param {string} name */
function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${assets.sprite}#${name}`);
  svg.append(use);
  return svg;
}

/**
 * @param {string} name
 * @param {string} text
 * @param {Record<string, string>} [properties]
 */
function element(name, text, properties = {}) {
  return Object.assign(document.createElement(name), { textContent: text }, properties);
}

/** @param {Alarm} alarm */
function severityText(alarm) {
  const severity = texts[`severity_${alarm.severity}`];
  return alarm.state === "active" ? severity : `${severity} · ${texts[`alarm_${alarm.state}`]}`;
}

/** @param {Alarm} alarm */
const message = (alarm) => alarm.text[language] ?? Object.values(alarm.text)[0] ?? "";

/** @param {Alarm} alarm */
function listItem(alarm) {
  const item = document.createElement("li");
  item.dataset.severity = alarm.severity;
  item.dataset.alarmState = alarm.state;
  item.append(
    icon(alarm.severity === "warning" ? "warning" : "alarm"),
    alarm.cell ? element("a", alarm.cell, { href: `/cells/${alarm.cell}` }) : element("strong", alarm.place),
    element("span", severityText(alarm), { className: "alarm-severity" }),
    element("span", message(alarm)),
  );
  return item;
}

/** Somebody decided that these do not call, or another alarm says it; as in web/rendering/alarm_strip.py. */
const QUIET = ["shelved", "suppressed", "out_of_service"];
const UNATTENDED = ["active", "returned"];
const SHOWN = 5;

/**
 * The alarms that call, in the order of the strip.
 * @param {Alarm[]} alarms
 */
export function loudOf(alarms) {
  /** @param {Alarm} one */
  const attended = (one) => Number(!UNATTENDED.includes(one.state));
  return alarms.filter((one) => !QUIET.includes(one.state)).sort((a, b) => attended(a) - attended(b)
    || ORDER[a.severity] - ORDER[b.severity] || a.since.localeCompare(b.since));
}

/** @param {Alarm[]} loud */
function countText(loud) {
  return loud.length === 1 ? texts.alarm_count_one : fill(texts.alarm_count, { n: loud.length });
}

/** @param {Alarm} alarm */
export const alarmSentence = (alarm) => `${severityText(alarm)}, ${alarm.cell ?? alarm.place}: ${message(alarm)}`;

/** @param {Alarm[]} loud */
function showBadge(loud) {
  const badge = document.querySelector("[data-alarm-badge]");
  if (!(badge instanceof HTMLElement)) return;
  badge.hidden = loud.length === 0;
  badge.dataset.severity = [...loud].sort((a, b) => ORDER[a.severity] - ORDER[b.severity])[0]?.severity ?? "";
  find("[data-badge-number]", HTMLElement, badge).textContent = String(loud.length);
  find("[data-badge-text]", HTMLElement, badge).textContent = countText(loud);
}

/**
 * @param {HTMLElement} strip
 * @param {Alarm[]} loud
 */
function showStrip(strip, loud) {
  const list = find("[data-alarm-list]", HTMLElement, strip);
  list.replaceChildren(...loud.slice(0, SHOWN).map(listItem));
  list.hidden = loud.length === 0;
  find("[data-no-alarm]", HTMLElement, strip).hidden = loud.length > 0;
  find("[data-alarm-rest]", HTMLElement, strip).hidden = loud.length <= SHOWN;
  find("[data-alarm-more]", HTMLElement, strip).textContent = fill(texts.alarms_more, { n: loud.length - SHOWN });
}

/** @param {Alarm[]} alarms of the page as it came */
export function keepAlarmsCurrent(alarms) {
  const strip = document.getElementById("alarms");
  const announcement = strip && find("[data-alarm-news]", HTMLElement, strip);
  let known = new Set(loudOf(alarms).map((alarm) => alarm.id));
  /** @param {Alarm[]} now */
  return (now) => {
    const loud = loudOf(now);
    showBadge(loud);
    if (strip) showStrip(strip, loud);
    const fresh = loud.filter((alarm) => !known.has(alarm.id));
    if (announcement && fresh.length) announcement.textContent = fresh.map(alarmSentence).join(". ");
    else if (announcement && known.size && !loud.length) announcement.textContent = texts.all_normal;
    call(fresh.filter((alarm) => alarm.state === "active"));
    known = new Set(loud.map((alarm) => alarm.id));
  };
}
