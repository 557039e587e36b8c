// The alarm strip: the only part of a page whose changes are read out.
import { assets, texts } from "../rendering/page_data.js";
import { language } from "../rendering/formats.js";
import { find } from "../rendering/elements.js";
import { onChange, state } from "./live.js";

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

export function keepAlarmsCurrent() {
  const strip = document.getElementById("alarms");
  if (!strip) return;
  const list = find("[data-alarm-list]", HTMLElement, strip);
  const quiet = find("[data-no-alarm]", HTMLElement, strip);
  const announcement = find("[data-alarm-news]", HTMLElement, strip);
  let known = new Set(state.alarms.map((alarm) => alarm.id));
  onChange((changed) => {
    if (changed && !changed.alarms) return;
    const alarms = [...state.alarms].sort((a, b) => ORDER[a.severity] - ORDER[b.severity] || a.since.localeCompare(b.since));
    list.replaceChildren(...alarms.map(listItem));
    list.hidden = alarms.length === 0;
    quiet.hidden = alarms.length > 0;
    const fresh = alarms.filter((alarm) => !known.has(alarm.id));
    if (fresh.length) announcement.textContent = fresh.map((alarm) => `${severityText(alarm)}, ${alarm.cell ?? alarm.place}: ${message(alarm)}`).join(". ");
    else if (known.size && !alarms.length) announcement.textContent = texts.all_normal;
    known = new Set(alarms.map((alarm) => alarm.id));
  });
}
