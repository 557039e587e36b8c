// Puts live values into what the server rendered: text and attributes of known places, never structure or order.
import { assets, limits, site, texts } from "./page_data.js";
import { ageText, fill, number, valueText } from "./formats.js";
import { isPaused, now, onChange, state } from "../live/live.js";
import { gaugePlace, showCell, showValue } from "./states.js";

const places = [];

function setText(node, text) { if (node && node.textContent !== text) node.textContent = text; }
function setAttribute(node, name, value) { if (node.getAttribute(name) !== value) node.setAttribute(name, value); }

function collect() {
  for (const root of document.querySelectorAll("[data-cell]")) {
    places.push({
      root,
      cell: root.dataset.cell,
      limits: root.hasAttribute("data-own-limits") ? limits : null,
      badge: root.querySelector("[data-state-icon]"),
      word: root.querySelector("[data-state-word]"),
      ages: [...root.querySelectorAll("[data-age]")],
      ownAges: [...root.querySelectorAll("[data-age-of]")],
      experiment: root.querySelector("[data-experiment]"),
      values: [...root.querySelectorAll("[data-value-of]")].map((node) => ({
        node, code: node.dataset.valueOf, text: node.querySelector("[data-value]"), word: node.querySelector("[data-value-word]"),
      })),
      deviations: [...root.querySelectorAll("[data-deviation-of]")],
      gauges: [...root.querySelectorAll("[data-gauge-of]")].map((node) => ({ node, code: node.dataset.gaugeOf, mark: node.querySelector("[data-mark]") })),
    });
  }
}

function patchState(place) {
  const shown = showCell(site, place.cell, state, now());
  setAttribute(place.root, "data-state", shown.state);
  setText(place.word, texts.states[shown.state]);
  if (place.badge) setAttribute(place.badge, "href", `${assets.sprite}#${shown.state}`);
  for (const age of place.ages) {
    if (shown.observed === null) continue;
    setAttribute(age, "datetime", new Date(shown.observed).toISOString());
    setText(age, fill(texts.ago, { age: ageText(shown.age) }));
  }
  const latest = state.cells[place.cell];
  for (const age of place.ownAges) {
    const code = age.dataset.ageOf;
    if (!latest || !(code in latest.values)) continue;
    const observed = Date.parse(latest.times?.[code] ?? latest.observed_at);
    setText(age, fill(texts.ago, { age: ageText(Math.max(0, (now() - observed) / 1000)) }));
  }
}

function patchValues(place) {
  const latest = state.cells[place.cell];
  for (const { node, code, text, word } of place.values) {
    const shown = showValue(site, code, latest, place.limits);
    setText(text, valueText(shown.value, site.parameters[code]));
    if (!word) continue;
    setAttribute(node, "data-value-state", shown.state);
    setText(word, texts.values[shown.state]);
  }
  for (const node of place.deviations) {
    const code = node.dataset.deviationOf;
    const { deviation } = showValue(site, code, latest);
    setText(node, deviation === null ? "" : number(deviation, site.parameters[code].decimals, true));
  }
  for (const { node, code, mark } of place.gauges) {
    const { deviation, tolerance } = showValue(site, code, latest);
    node.toggleAttribute("data-empty", deviation === null);
    setAttribute(mark, "x", gaugePlace(deviation, tolerance).toFixed(1));
  }
  if (place.experiment) setText(place.experiment, state.experiments[place.cell]?.code ?? texts.free);
}

function patchUnits() {
  for (const section of document.querySelectorAll("[data-unit]")) {
    const status = state.units[section.dataset.unit];
    setAttribute(section, "data-unit-state", status?.state ?? "unknown");
    // A round of readings is always on its way; more than that has piled up.
    const round = section.querySelectorAll("[data-cell]").length;
    const waiting = status?.waiting > round ? ` · ${fill(texts.unit_waiting, { n: status.waiting })}` : "";
    setText(section.querySelector("[data-unit-status]"), texts[`unit_${status?.state ?? "unknown"}`] + waiting);
  }
}

export function keepCellsCurrent() {
  collect();
  onChange((changed) => {
    for (const place of places) {
      if (changed && !changed.experiments && !changed.cells.includes(place.cell)) continue;
      patchValues(place);
    }
    for (const place of places) patchState(place);
    if (!changed || changed.units) patchUnits();
  });
  // Ages grow and values turn stale without any news. A paused page stands still, ages included.
  setInterval(() => { if (!isPaused()) places.forEach(patchState); }, 1000);
}
