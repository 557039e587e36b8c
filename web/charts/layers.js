// What happened beside the values: nights, doors, work, notes, alarms, rejected values. Each can be switched off.
import { find, findAll } from "../rendering/elements.js";
import { fill, language, shortMoment } from "../rendering/formats.js";
import { texts } from "../rendering/page_data.js";
import { spansWhere } from "./history.js";

/**
 * @import { Layer, LayerKind } from "./plot.js"
 * @import { CellEvents, History, LimitsInForce } from "../rendering/types"
 * @import { LimitsThen } from "./history.js"
 */

/** @typedef {{kind: LayerKind, from: number, to: number | null, text: string}} Happening milliseconds since 1970 */

const KEY = "octopus-hidden-layers";
/** From the one that lies below to the one that lies above. @type {LayerKind[]} */
const KINDS = ["night", "door", "rejection", "alarm", "intervention", "annotation"];

/**
 * Return what happened in a cell; nothing for somebody who is not logged in, or while the server cannot say.
 * @param {string} cell
 * @param {number} from milliseconds since 1970
 * @param {number} to
 * @param {AbortSignal} signal
 * @returns {Promise<CellEvents | null>}
 */
export async function fetchEvents(cell, from, to, signal) {
  const query = new URLSearchParams({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
  const answer = await fetch(`/api/cells/${encodeURIComponent(cell)}/events?${query}`, { signal, headers: { Accept: "application/json" } }).catch(() => null);
  return answer?.ok ? answer.json().catch(() => null) : null;
}

/**
 * @param {CellEvents | null} events
 * @param {string} code of the parameter that is shown: what belongs to another one is left out
 * @returns {Happening[]}
 */
export function happenings(events, code) {
  if (!events) return [];
  /** @param {string | null} text */
  const ms = (text) => (text === null ? null : Date.parse(text));
  /** @param {{parameter: string | null}} one */
  const concerns = (one) => one.parameter === null || one.parameter === code;
  return [
    ...events.alarms.filter(concerns).map((one) => ({ kind: /** @type {const} */ ("alarm"), from: Date.parse(one.since), to: ms(one.returned_at ?? one.ended_at), text: one.text[language] ?? "" })),
    ...events.interventions.map((one) => ({ kind: /** @type {const} */ ("intervention"), from: Date.parse(one.started_at), to: ms(one.ended_at), text: [texts.works[one.work] ?? one.work, one.person, one.text].filter(Boolean).join(" – ") })),
    ...events.annotations.filter(concerns).map((one) => ({ kind: /** @type {const} */ ("annotation"), from: Date.parse(one.started_at), to: Date.parse(one.ended_at ?? one.started_at), text: [one.text, one.person].filter(Boolean).join(" – ") })),
    ...events.rejections.filter(concerns).map((one) => ({ kind: /** @type {const} */ ("rejection"), from: Date.parse(one.started_at), to: Date.parse(one.ended_at), text: one.reason })),
  ].sort((a, b) => a.from - b.from);
}

/**
 * The limits in force then: those of the experiment that held the cell, else the station's.
 * @param {CellEvents | null} events
 * @param {string} code
 * @param {LimitsThen} station
 * @returns {(at: number) => LimitsThen}
 */
export function limitsThen(events, code, station) {
  const spans = (events?.limits ?? []).filter((one) => one.parameter === code && (one.deviation ?? one.low ?? one.high) !== null)
    .map((one) => ({ from: Date.parse(one.started_at), to: one.ended_at === null ? Infinity : Date.parse(one.ended_at), limits: ownLimits(one) }));
  return (at) => spans.find((one) => one.from <= at && at < one.to)?.limits ?? station;
}

/** @param {LimitsInForce} one */
function ownLimits({ deviation, low, high }) {
  return { tolerance: deviation, low, high };
}

/**
 * @param {History} history
 * @param {Happening[]} happened
 * @param {{door: string | null, light: string | null, end: number}} known codes of the cell's door and light
 * @returns {Layer[]} in seconds since 1970
 */
export function layersOf(history, happened, { door, light, end }) {
  /** @param {number | null} highest */
  const isOpen = (highest) => (highest ?? 0) > 0;
  /** @param {number | null} highest */
  const isDark = (highest) => highest !== null && highest <= 0;
  /** @type {Record<LayerKind, [number, number][]>} */
  const ranges = {
    night: light ? spansWhere(history, light, end, isDark) : [],
    door: door ? spansWhere(history, door, end, isOpen) : [],
    rejection: [], alarm: [], intervention: [], annotation: [],
  };
  for (const one of happened) ranges[one.kind].push([one.from / 1000, (one.to ?? end) / 1000]);
  return KINDS.map((kind) => ({ kind, ranges: ranges[kind] }));
}

function readHidden() {
  try {
    return new Set((localStorage.getItem(KEY) ?? "").split(",").filter(Boolean));
  } catch {
    return new Set();
  }
}

/**
 * The switches of the legend, remembered by this browser.
 * @param {() => void} onSwitch
 */
export function layerSwitches(onSwitch) {
  const hidden = readHidden();
  const boxes = findAll("[data-layer]", HTMLInputElement);
  for (const box of boxes) {
    box.checked = !hidden.has(box.dataset.layer ?? "");
    box.addEventListener("change", () => {
      if (box.checked) hidden.delete(box.dataset.layer ?? "");
      else hidden.add(box.dataset.layer ?? "");
      try { localStorage.setItem(KEY, [...hidden].join(",")); } catch { /* It is then forgotten with the page. */ }
      onSwitch();
    });
  }
  return {
    /** @param {Layer[]} layers */
    visible: (layers) => layers.filter((one) => !hidden.has(one.kind)),
    /** A switch for what is not there only takes room. @param {Layer[]} layers */
    offer(layers) {
      const present = new Set(layers.filter((one) => one.ranges.length).map((one) => one.kind));
      for (const box of boxes) {
        const line = box.closest("li");
        if (line) line.hidden = !present.has(/** @type {LayerKind} */ (box.dataset.layer));
      }
    },
  };
}

/**
 * The same as text, for who does not see the picture.
 * @param {Happening[]} happened
 */
export function listHappenings(happened) {
  const list = find("[data-happenings]", HTMLElement);
  const frame = find("[data-happenings-frame]", HTMLDetailsElement);
  frame.hidden = happened.length === 0;
  find("[data-happenings-count]", HTMLElement).textContent = fill(texts.happenings, { n: happened.length });
  list.replaceChildren(...happened.map(({ kind, from, to, text }) => {
    const item = document.createElement("li");
    const until = to === null ? ` – ${texts.goes_on}` : to > from ? ` – ${shortMoment(to)}` : "";
    item.textContent = `${shortMoment(from)}${until} · ${texts[`layer_${kind}`]} · ${text}`;
    return item;
  }));
}
