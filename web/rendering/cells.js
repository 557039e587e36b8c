// Puts live values into what the server rendered: text and attributes of known places, never structure or order.
import { assets, limits, site, texts } from "./page_data.js";
import { ageText, fill, number, valueText } from "./formats.js";
import { isPaused, now, onChange, state } from "../live/live.js";
import { gaugePlace, showCell, showValue } from "./states.js";

/** @import { LimitsByParameter } from "./types" */

/** @typedef {ReturnType<typeof collect>} Place what a page shows of a cell */
/** @type {Place[]} */
const places = [];

/**
 * @param {Element | null} node
 * @param {string} text
 */
function setText(node, text) { if (node && node.textContent !== text) node.textContent = text; }

/**
 * @param {Element | null} node
 * @param {string} name
 * @param {string} value
 */
function setAttribute(node, name, value) { if (node && node.getAttribute(name) !== value) node.setAttribute(name, value); }

/** @param {Element} root */
function collect(root) {
  /** @param {string} name */
  const withCode = (name) => [...root.querySelectorAll(`[${name}]`)].map((node) => ({ node, code: node.getAttribute(name) ?? "" }));
  /** @type {LimitsByParameter | null} */
  const own = root.hasAttribute("data-own-limits") ? limits : null;
  return {
    root,
    cell: root.getAttribute("data-cell") ?? "",
    limits: own,
    icon: root.querySelector("[data-state-icon]"),
    word: root.querySelector("[data-state-word]"),
    ages: [...root.querySelectorAll("[data-age]")],
    ownAges: withCode("data-age-of"),
    experiment: root.querySelector("[data-experiment]"),
    values: withCode("data-value-of").map((one) => ({
      ...one, text: one.node.querySelector("[data-value]"), word: one.node.querySelector("[data-value-word]"),
    })),
    deviations: withCode("data-deviation-of"),
    gauges: withCode("data-gauge-of").map((one) => ({ ...one, needle: one.node.querySelector("[data-needle]") })),
  };
}

/** @param {Place} place */
function patchState(place) {
  const shown = showCell(site, place.cell, state, now());
  setAttribute(place.root, "data-state", shown.state);
  setText(place.word, texts.states[shown.state]);
  setAttribute(place.icon, "href", `${assets.sprite}#${shown.state}`);
  for (const age of place.ages) {
    if (shown.observed === null) continue;
    setAttribute(age, "datetime", new Date(shown.observed).toISOString());
    setText(age, fill(texts.ago, { age: ageText(shown.age) }));
  }
  const latest = state.cells[place.cell];
  for (const { node, code } of place.ownAges) {
    if (!latest || !(code in latest.values)) continue;
    const observed = Date.parse(latest.times?.[code] ?? latest.observed_at);
    setText(node, fill(texts.ago, { age: ageText(Math.max(0, (now() - observed) / 1000)) }));
  }
}

/** @param {Place} place */
function patchValues(place) {
  const latest = state.cells[place.cell];
  for (const { node, code, text, word } of place.values) {
    const shown = showValue(site, code, latest, place.limits);
    setText(text, valueText(shown.value, site.parameters[code]));
    if (!word) continue;
    setAttribute(node, "data-value-state", shown.state);
    setText(word, texts.values[shown.state]);
  }
  for (const { node, code } of place.deviations) {
    const { deviation } = showValue(site, code, latest);
    setText(node, deviation === null ? "" : number(deviation, site.parameters[code].decimals, true));
  }
  for (const { node, code, needle } of place.gauges) {
    const { deviation, tolerance } = showValue(site, code, latest);
    node.toggleAttribute("data-empty", deviation === null);
    if (tolerance) setAttribute(needle, "x", gaugePlace(deviation, tolerance).toFixed(1));
  }
  if (place.experiment) setText(place.experiment, state.experiments[place.cell]?.code ?? texts.free);
}

function patchUnits() {
  for (const section of document.querySelectorAll("[data-unit]")) {
    const status = state.units[section.getAttribute("data-unit") ?? ""];
    setAttribute(section, "data-unit-state", status?.state ?? "unknown");
    // A round of readings is always on its way; more than that has piled up.
    const round = section.querySelectorAll("[data-cell]").length;
    const waiting = status?.waiting ?? 0;
    const said = waiting > round ? ` · ${fill(texts.unit_waiting, { n: waiting })}` : "";
    setText(section.querySelector("[data-unit-status]"), texts[`unit_${status?.state ?? "unknown"}`] + said);
  }
}

export function keepCellsCurrent() {
  places.push(...[...document.querySelectorAll("[data-cell]")].map(collect));
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
