// The cell page's chart: which parameter, which period, live or past, and what the text below it says.
import { ChartControls, fillTable } from "../charts/chart_controls.js";
import { fetchHistory, summarise, tabulate, toColumns } from "../charts/history.js";
import { fetchEvents, happenings, layersOf, layerSwitches, limitsThen, listHappenings } from "../charts/layers.js";
import { makePlot } from "../charts/plot.js";
import { isPaused, now, onChange, state } from "../live/live.js";
import { find, findAll } from "../rendering/elements.js";
import { fill, language, moment, number, toInstant, valueText } from "../rendering/formats.js";
import { site, texts } from "../rendering/page_data.js";
import { isAhead, latestOf, limitsFor, setpointsOf } from "../rendering/states.js";
import { historyPicture } from "./history_picture.js";

/**
 * @import { Cursor } from "../charts/plot.js"
 * @import { CellEvents, Changes, Columns, History, Parameter, Range } from "../rendering/types"
 */

const HOUR = 3600_000;
const FIRST_YEAR = Date.UTC(2000, 0, 1);
/** @type {Record<string, number>} */
const PERIODS = { "1h": HOUR, "6h": 6 * HOUR, "24h": 24 * HOUR, "7d": 168 * HOUR, "30d": 720 * HOUR };
const TABLE_ROWS = 120;

const figure = find("[data-chart]", HTMLElement);
const cell = figure.dataset.chart ?? "";
/** @param {string} name */
const part = (name) => find(`[data-${name}]`, HTMLElement);
const picker = find("[data-parameter]", HTMLSelectElement);
const here = new Set(site.cells[cell].parameters);
const door = here.has("door") ? "door" : null;
// A night in a cell is when its light is off, whatever the sun does.
const light = here.has("light_command") ? "light_command" : null;
const longestPause = site.stale_periods * site.cells[cell].period * 1000;

let code = picker.value;
/** @type {History | null} */
let history = null;
/** @type {CellEvents | null} */
let events = null;
/** @type {Columns | null} */
let columns = null;
const switches = layerSwitches(() => draw());

const plot = makePlot(part("plot"), {
  onRange: ({ from, to }) => controls.goTo({ from: from * 1000, to: to * 1000 }),
  onCursor: showCursor,
});
const controls = new ChartControls({
  shortest: 30_000, longest: 40 * 365 * 24 * HOUR, rangeOf: periodRange, load, draw, writeTable,
});

function setpoint() {
  const found = setpointsOf(site)[code];
  return here.has(found) ? found : null;
}

/** The station's limits; without a login those of the present experiment, for nobody else's are known. */
function presentLimits() {
  const own = events ? undefined : state.experiments[cell]?.limits?.[code];
  const { tolerances, low, high } = limitsFor(site.parameters[code], own);
  return { tolerance: tolerances[0]?.[0] ?? null, low, high };
}
const codes = () => [...new Set([code, setpoint(), door, light])].filter((one) => one !== null);

/** @param {string} name */
function periodRange(name) {
  const to = now();
  return name in PERIODS ? { from: to - PERIODS[name], to } : null;
}

/**
 * @param {number} points
 * @param {AbortSignal} signal
 */
async function load(points, signal) {
  if (controls.period === "all") controls.range = await findWhole(points, signal);
  const { from, to } = controls.range;
  [history, events] = await Promise.all([fetchHistory(cell, codes(), from, to, points, signal), fetchEvents(cell, from, to, signal)]);
}

/**
 * @param {number} points
 * @param {AbortSignal} signal
 * @returns {Promise<Range>} from the first value to the last one
 */
async function findWhole(points, signal) {
  const whole = await fetchHistory(cell, [code], FIRST_YEAR, now() + 60_000, points, signal);
  const series = whole.series[code];
  if (!series?.t.length) return { from: now() - PERIODS["24h"], to: now() };
  // An old recording ends where its values end, not today.
  const last = series.t.findLastIndex((_, n) => series.mean[n] !== null);
  const to = last < 0 ? now() : Math.min(now(), series.t[last] + Math.max(whole.width * 1000, 60_000));
  const from = Math.max(series.t[0], FIRST_YEAR);
  if (!whole.width) return { from, to };
  // Over decades a bucket is days wide: look into the first one to find where the data really begin.
  const closer = await fetchHistory(cell, [code], from, Math.min(now(), from + whole.width * 1000), points, signal);
  const begin = closer.series[code];
  const first = begin ? begin.t.findIndex((_, n) => begin.mean[n] !== null) : -1;
  return { from: first < 0 ? from : begin.t[first], to };
}

function draw() {
  if (!history) return;
  const parameter = site.parameters[code];
  const target = setpoint();
  const limitsAt = limitsThen(events, code, presentLimits());
  columns = toColumns(history, code, target, limitsAt, longestPause);
  const happened = happenings(events, code);
  const layers = layersOf(history, happened, { door: door === code ? null : door, light: light === code ? null : light, end: controls.range.to });
  switches.offer(layers);
  plot.show(historyPicture(columns, { parameter, range: controls.range, layers: switches.visible(layers), timeZone: site.zone }));
  listHappenings(happened);
  part("setpoint-key").hidden = !target;
  part("band-key").hidden = !columns.low.some((low, n) => typeof low === "number" && low !== columns?.high[n]);
  describe(history, columns, parameter);
}

/**
 * @param {History} shown
 * @param {Columns} lines
 * @param {Parameter} parameter
 */
function describe(shown, lines, parameter) {
  const name = parameter[language];
  const [from, to] = [moment(controls.range.from), moment(controls.range.to)];
  const found = summarise(lines);
  /** @param {number} value */
  const text = (value) => number(value, parameter.decimals);
  const values = found
    ? fill(texts.chart_summary, { name, min: text(found.min), mean: text(found.mean), max: text(found.max), unit: parameter.unit }).replace(" .", ".")
    : texts.chart_empty;
  const gaps = found?.gaps ? ` ${found.gaps === 1 ? texts.chart_gap : fill(texts.chart_gaps, { n: found.gaps })}` : "";
  part("plot").setAttribute("aria-label", `${fill(texts.chart_label, { name, from, to })}. ${values}${gaps}`);
  part("summary").textContent = values + gaps;
  const resolution = shown.width ? fill(texts.source_bucket, { width: widthText(shown.width) }) : texts.source_raw;
  part("shown-period").textContent = `${from} – ${to} · ${resolution}`;
  figure.dataset.source = shown.source;
  figure.dataset.gaps = String(found?.gaps ?? 0);
  figure.dataset.points = String(lines.x.length);
  find("[data-csv]", HTMLAnchorElement).href = csvAddress();
  find("[data-events-csv]", HTMLAnchorElement).href = `/api/cells/${cell}/events.csv?${rangeQuery()}`;
  controls.refreshTable();
}

function rangeQuery() {
  return new URLSearchParams({ from: new Date(controls.range.from).toISOString(), to: new Date(controls.range.to).toISOString() });
}

function csvAddress() {
  const query = new URLSearchParams({
    parameters: codes().filter((one) => one === code || (one !== door && one !== light)).join(","),
    from: new Date(controls.range.from).toISOString(), to: new Date(controls.range.to).toISOString(),
  });
  return `/api/cells/${cell}/readings.csv?${query}`;
}

/** @param {number} seconds */
function widthText(seconds) {
  if (seconds < 120) return `${number(seconds, 0)} s`;
  if (seconds < 7200) return `${number(seconds / 60, seconds % 60 ? 1 : 0)} min`;
  return `${number(seconds / 3600, seconds % 3600 ? 1 : 0)} h`;
}

/** @param {Cursor} cursor */
function showCursor({ index }) {
  part("cursor").textContent = index === null || !columns ? "" : pointText(columns, index, site.parameters[code]);
}

/**
 * @param {Columns} lines
 * @param {number} n
 * @param {Parameter} parameter
 */
function pointText(lines, n, parameter) {
  const [mean, min, max, target] = [lines.mean[n], lines.min[n], lines.max[n], lines.setpoint[n]];
  if (mean === null || mean === undefined) return "";
  const pieces = [`${moment(lines.x[n] * 1000)}  ${[valueText(mean, parameter), parameter.unit].filter(Boolean).join(" ")}`];
  if (history?.width && max !== min) pieces.push(`${number(min, parameter.decimals)} … ${number(max, parameter.decimals)}`);
  if (target !== null && target !== undefined) pieces.push(`${texts.setpoint} ${number(target, parameter.decimals)}`);
  return pieces.join("  ·  ");
}

function writeTable() {
  if (!columns) return;
  const { decimals } = site.parameters[code];
  const rows = tabulate(columns, TABLE_ROWS).map(({ t, min, mean, max }) => [moment(t), ...[min, mean, max].map((value) => number(value, decimals))]);
  fillTable([texts.time, texts.minimum, texts.mean, texts.maximum], rows);
}

let nextRefresh = 0;

/**
 * Live: a new reading lengthens the line; where the server sends buckets, they are asked for again now and then.
 * @param {Changes | null} changed
 */
function follow(changed) {
  if (!controls.period || controls.period === "all" || !history || isPaused() || (changed && !changed.cells.includes(cell))) return;
  if (history.width) {
    if (now() > nextRefresh) { nextRefresh = now() + Math.max(15_000, history.width * 500); controls.loadSoon(); }
    return;
  }
  for (const one of codes()) {
    const series = history.series[one];
    const latest = latestOf(state.cells[cell], one);
    // Each value has its own time. One that lies ahead of the clock would shut out all that follow.
    if (!series || !latest || isAhead(site, (now() - latest.at) / 1000) || latest.at <= (series.t.at(-1) ?? -Infinity)) continue;
    series.t.push(latest.at);
    for (const column of [series.min, series.mean, series.max]) column.push(latest.value);
    while (series.t[0] < controls.range.from) for (const column of [series.t, series.min, series.mean, series.max]) column.shift();
  }
  controls.choosePeriod(controls.period);
  draw();
}

/** @param {string} chosen */
function choose(chosen) {
  picker.value = chosen;
  code = chosen;
  history = null;
  controls.load();
}
picker.addEventListener("change", () => choose(picker.value));
for (const button of findAll("[data-show]", HTMLElement)) {
  button.addEventListener("click", () => { choose(button.dataset.show ?? ""); find("#history-title", HTMLElement).scrollIntoView({ block: "start" }); });
}

const dates = find("[data-dates]", HTMLFormElement);
dates.addEventListener("submit", (event) => {
  event.preventDefault();
  const [from, to] = ["from", "to"].map((name) => toInstant(find(`[name=${name}]`, HTMLInputElement, dates).value));
  const right = to > from;
  part("dates-error").textContent = right ? "" : texts.dates_wrong;
  if (right) controls.goTo({ from, to });
});

onChange(follow);
controls.choosePeriod("24h");
controls.load();
