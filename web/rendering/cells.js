// Puts live values into what the server rendered: text and attributes of known places, never structure or order.
import { assets, site, texts } from "./page_data.js";
import { fill, flagText, number, sinceText, valueText } from "./formats.js";
import { isPaused, now, onChange, state } from "../live/live.js";
import { gaugePlace, judgeCell, judgePresence } from "./states.js";

const places = [];

function setText(node, text) { if (node && node.textContent !== text) node.textContent = text; }
function setAttribute(node, name, value) { if (node.getAttribute(name) !== value) node.setAttribute(name, value); }

function collect() {
  for (const root of document.querySelectorAll("[data-cell]")) {
    places.push({
      root,
      cell: root.dataset.cell,
      badge: root.querySelector("[data-state-icon]"),
      word: root.querySelector("[data-state-word]"),
      ages: [...root.querySelectorAll("[data-age]")],
      ownAges: [...root.querySelectorAll("[data-age-of]")],
      experiment: root.querySelector("[data-experiment]"),
      values: [...root.querySelectorAll("[data-value-of]")].map((node) => ({
        node, code: node.dataset.valueOf, text: node.querySelector("[data-value]"), word: node.querySelector("[data-value-word]"), target: node.hasAttribute("data-target"),
      })),
      deviations: [...root.querySelectorAll("[data-deviation-of]")],
      gauges: [...root.querySelectorAll("[data-gauge-of]")].map((node) => ({ node, code: node.dataset.gaugeOf, mark: node.querySelector("[data-mark]") })),
    });
  }
}

function patchState(place, shown) {
  setAttribute(place.root, "data-state", shown.state);
  setText(place.word, texts.states[shown.state]);
  if (place.badge) setAttribute(place.badge, "href", `${assets.sprite}#${shown.state}`);
  for (const age of place.ages) patchAge(age, shown.observed, shown.age);
  for (const age of place.ownAges) patchAge(age, shown.values[age.dataset.ageOf].at, shown.values[age.dataset.ageOf].age);
}

function patchAge(node, at, age) {
  if (at !== null) setAttribute(node, "datetime", new Date(at).toISOString());
  setText(node, sinceText(age));
}

function patchValues(place, shown) {
  for (const { node, code, text, word, target } of place.values) {
    const verdict = shown.values[code];
    setText(text, valueText(verdict.value, site.parameters[code]));
    setAttribute(node, "data-value-state", verdict.state);
    // A setpoint that is merely absent shows its dash; one of another time must say so.
    if (word) setText(word, target && verdict.state !== "stale" ? "" : flagText(verdict));
  }
  for (const node of place.deviations) {
    const code = node.dataset.deviationOf;
    const { deviation } = shown.values[code];
    setText(node, deviation === null ? "" : number(deviation, site.parameters[code].decimals, true));
  }
  for (const { node, code, mark } of place.gauges) {
    const { deviation, tolerance } = shown.values[code];
    node.toggleAttribute("data-empty", deviation === null || tolerance === null);
    setAttribute(mark, "x", gaugePlace(deviation, tolerance).toFixed(1));
  }
  if (place.experiment) setText(place.experiment, state.experiments[place.cell]?.code ?? texts.free);
}

function patchUnits() {
  for (const section of document.querySelectorAll("[data-unit]")) {
    const status = state.units[section.dataset.unit];
    const presence = judgePresence(site, status, now());
    setAttribute(section, "data-unit-state", presence);
    // A round of readings is always on its way; more than that has piled up.
    const round = section.querySelectorAll("[data-cell]").length;
    const waiting = status?.waiting > round ? ` · ${fill(texts.unit_waiting, { n: status.waiting })}` : "";
    setText(section.querySelector("[data-unit-status]"), texts[`unit_${presence}`] + waiting);
  }
}

// Ages grow and values turn stale without any news: everything is judged anew, one verdict a cell.
function patch(cells) {
  const verdicts = new Map();
  for (const place of places) {
    if (cells && !cells.includes(place.cell)) continue;
    if (!verdicts.has(place.cell)) verdicts.set(place.cell, judgeCell(site, place.cell, state, now()));
    patchValues(place, verdicts.get(place.cell));
    patchState(place, verdicts.get(place.cell));
  }
}

export function keepCellsCurrent() {
  collect();
  onChange((changed) => {
    patch(changed && !changed.experiments && !changed.alarms && !changed.units ? changed.cells : null);
    if (!changed || changed.units) patchUnits();
  });
  // A paused page stands still, ages included.
  setInterval(() => { if (!isPaused()) { patch(null); patchUnits(); } }, 1000);
}
