// Puts live values into what the server rendered: text and attributes of known places, never structure or order.
import { assets, site, texts } from "./page_data.js";
import { fill, flagText, number, sinceText, valueText } from "./formats.js";
import { isPaused, now, onChange, state } from "../live/live.js";
import { gaugePlace, judgeCell, judgePresence } from "./states.js";

/** @import { CellVerdict } from "./types" */

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
  return {
    root,
    cell: root.getAttribute("data-cell") ?? "",
    icon: root.querySelector("[data-state-icon]"),
    word: root.querySelector("[data-state-word]"),
    ages: [...root.querySelectorAll("[data-age]")],
    ownAges: withCode("data-age-of"),
    experiment: root.querySelector("[data-experiment]"),
    values: withCode("data-value-of").map((one) => ({
      ...one, text: one.node.querySelector("[data-value]"), word: one.node.querySelector("[data-value-word]"),
      isTarget: one.node.hasAttribute("data-target"),
    })),
    deviations: withCode("data-deviation-of"),
    gauges: withCode("data-gauge-of").map((one) => ({ ...one, needle: one.node.querySelector("[data-needle]") })),
  };
}

/**
 * @param {Element} node
 * @param {number | null} at milliseconds since 1970
 * @param {number | null} age seconds
 */
function patchAge(node, at, age) {
  if (at !== null) setAttribute(node, "datetime", new Date(at).toISOString());
  setText(node, sinceText(age));
}

/**
 * @param {Place} place
 * @param {CellVerdict} verdict
 */
function patchState(place, verdict) {
  setAttribute(place.root, "data-state", verdict.state);
  setText(place.word, texts.states[verdict.state]);
  setAttribute(place.icon, "href", `${assets.sprite}#${verdict.state}`);
  for (const age of place.ages) patchAge(age, verdict.observed, verdict.age);
  for (const { node, code } of place.ownAges) patchAge(node, verdict.values[code].at, verdict.values[code].age);
}

/**
 * @param {Place} place
 * @param {CellVerdict} cell
 */
function patchValues(place, cell) {
  for (const { node, code, text, word, isTarget } of place.values) {
    const verdict = cell.values[code];
    setText(text, valueText(verdict.value, site.parameters[code]));
    setAttribute(node, "data-value-state", verdict.state);
    // A setpoint that is merely absent shows its dash; one of another time must say so.
    setText(word, isTarget && verdict.state !== "stale" ? "" : flagText(verdict));
  }
  for (const { node, code } of place.deviations) {
    const { deviation } = cell.values[code];
    setText(node, deviation === null ? "" : number(deviation, site.parameters[code].decimals, true));
  }
  for (const { node, code, needle } of place.gauges) {
    const { deviation, tolerance } = cell.values[code];
    node.toggleAttribute("data-empty", deviation === null || tolerance === null);
    setAttribute(needle, "x", gaugePlace(deviation, tolerance).toFixed(1));
  }
  if (place.experiment) setText(place.experiment, state.experiments[place.cell]?.code ?? texts.free);
}

function patchUnits() {
  for (const section of document.querySelectorAll("[data-unit]")) {
    const status = state.units[section.getAttribute("data-unit") ?? ""];
    const presence = judgePresence(site, status, now());
    setAttribute(section, "data-unit-state", presence);
    // A round of readings is always on its way; more than that has piled up.
    const round = section.querySelectorAll("[data-cell]").length;
    const waiting = status?.waiting ?? 0;
    const said = waiting > round ? ` · ${fill(texts.unit_waiting, { n: waiting })}` : "";
    setText(section.querySelector("[data-unit-status]"), texts[`unit_${presence}`] + said);
  }
}

/**
 * Ages grow and values turn stale without any news: everything is judged anew, one verdict a cell.
 * @param {string[] | null} cells null: all
 */
function patch(cells) {
  /** @type {Map<string, CellVerdict>} */
  const verdicts = new Map();
  for (const place of places) {
    if (cells && !cells.includes(place.cell)) continue;
    const verdict = verdicts.get(place.cell) ?? judgeCell(site, place.cell, state, now());
    verdicts.set(place.cell, verdict);
    patchValues(place, verdict);
    patchState(place, verdict);
  }
}

export function keepCellsCurrent() {
  places.push(...[...document.querySelectorAll("[data-cell]")].map(collect));
  onChange((changed) => {
    patch(changed && !changed.experiments && !changed.alarms && !changed.units ? changed.cells : null);
    if (!changed || changed.units) patchUnits();
  });
  // A paused page stands still, ages included.
  setInterval(() => { if (!isPaused()) { patch(null); patchUnits(); } }, 1000);
}
