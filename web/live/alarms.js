// The alarm strip: the only part of a page whose changes are read out.
import { assets, texts } from "../rendering/page_data.js";
import { language } from "../rendering/formats.js";
import { onChange, state } from "./live.js";

const ORDER = { critical: 0, major: 1, warning: 2 };

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "ico");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${assets.sprite}#${name}`);
  svg.append(use);
  return svg;
}

function element(name, text, properties = {}) {
  return Object.assign(document.createElement(name), { textContent: text }, properties);
}

function words(alarm) {
  const said = texts[`severity_${alarm.severity}`];
  return alarm.state === "active" ? said : `${said} · ${texts[`alarm_${alarm.state}`]}`;
}

const message = (alarm) => alarm.text[language] ?? Object.values(alarm.text)[0] ?? "";

function line(alarm) {
  const item = document.createElement("li");
  item.dataset.severity = alarm.severity;
  item.dataset.alarmState = alarm.state;
  item.append(
    icon(alarm.severity === "warning" ? "warning" : "alarm"),
    alarm.cell ? element("a", alarm.cell, { href: `/cells/${alarm.cell}` }) : element("strong", alarm.place),
    element("span", words(alarm), { className: "alarm-word" }),
    element("span", message(alarm)),
  );
  return item;
}

export function keepAlarmsCurrent() {
  const strip = document.getElementById("alarms");
  if (!strip) return;
  const list = strip.querySelector("[data-alarm-list]");
  const quiet = strip.querySelector("[data-no-alarm]");
  const news = strip.querySelector("[data-alarm-news]");
  let known = new Set(state.alarms.map((alarm) => alarm.id));
  onChange((changed) => {
    if (changed && !changed.alarms) return;
    const alarms = [...state.alarms].sort((a, b) => ORDER[a.severity] - ORDER[b.severity] || a.since.localeCompare(b.since));
    list.replaceChildren(...alarms.map(line));
    list.hidden = alarms.length === 0;
    quiet.hidden = alarms.length > 0;
    const fresh = alarms.filter((alarm) => !known.has(alarm.id));
    if (fresh.length) news.textContent = fresh.map((alarm) => `${words(alarm)}, ${alarm.cell ?? alarm.place}: ${message(alarm)}`).join(". ");
    else if (known.size && !alarms.length) news.textContent = texts.all_normal;
    known = new Set(alarms.map((alarm) => alarm.id));
  });
}
