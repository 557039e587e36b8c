// An experiment's cells beside each other, day by day: which cells, which parameter, which days, and where day 0 lies.
import { ChartControls, fillTable } from "../charts/chart_controls.js";
import { fetchHistory, LINES, summarise, toColumns } from "../charts/history.js";
import { fetchEvents, happenings, layersOf, layerSwitches, listHappenings } from "../charts/layers.js";
import { makePlot } from "../charts/plot.js";
import { isPaused, now, onChange } from "../live/live.js";
import { find, findAll } from "../rendering/elements.js";
import { dateFormat, fill, language, moment, number, valueText } from "../rendering/formats.js";
import { site, texts } from "../rendering/page_data.js";
import { setpointsOf } from "../rendering/states.js";
import { daysPicture } from "./days_picture.js";
import { gatherByStep } from "./days_table.js";

/**
 * @import { Happening } from "../charts/layers.js"
 * @import { ExperimentDays, Parameter, Point, Range } from "../rendering/types"
 * @import { CellLine } from "./days_picture.js"
 */

const DAY = 86_400_000;
const SHORTEST = 2 / 1440;
const REFRESH_MS = 30_000;
const MOST_LINES = 6;
/** @type {Record<string, number>} days */
const PERIODS = { "24h": 1, "7d": 7, "30d": 30 };

/** @param {string} name */
const part = (name) => find(`[data-${name}]`, HTMLElement);

/** @param {ExperimentDays} given */
function compareDays(given) {
  const start = Date.parse(given.start);
  /** By cell, when it held the experiment: [start, end] in milliseconds, the end null while it still does. */
  const stays = Object.fromEntries(Object.entries(given.cells).map(([cell, list]) => [
    cell, list.map(([from, to]) => ({ from: Date.parse(from), to: to === null ? null : Date.parse(to) })),
  ]));
  const running = Object.values(stays).some((list) => list.some(({ to }) => to === null));
  const picker = find("[data-parameter]", HTMLSelectElement);
  const boxes = findAll("[data-compare]", HTMLInputElement);
  /** "experiment": day 0 is that of its first cell for all; "cell": each cell has its own. */
  let zero = "experiment";
  let code = picker.value;
  /** @type {CellLine[] | null} */
  let lines = null;
  /** @type {(Happening & {cell: string})[]} */
  let happened = [];
  let nextRefresh = 0;
  const switches = layerSwitches(() => draw());

  const plot = makePlot(part("plot"), { onRange: (range) => controls.goTo(range), onCursor: ({ x }) => showCursor(x) });
  const controls = new ChartControls({ shortest: SHORTEST, longest: 40 * 366, rangeOf: periodRange, load, draw, writeTable });

  /** @param {string} cell */
  const zeroOf = (cell) => (zero === "cell" ? stays[cell][0].from : start);
  /** @param {string} cell */
  const endOf = (cell) => Math.max(...stays[cell].map(({ to }) => to ?? now()));
  /** @param {number} days */
  const toMs = (days) => start + days * DAY;
  const dayText = (/** @type {number} */ day) => fill(texts.day_number, { n: number(day, 0) });

  /**
   * Under the days stand the dates of the site's calendar, where all cells share them.
   * @param {number} value
   * @param {number} step
   */
  function axisLabel(value, step) {
    const day = Math.floor(value + 1e-9);
    const minutes = Math.round((value - day) * 1440);
    const date = zero === "cell" ? "" : `\n${dateFormat({ day: "numeric", month: "short" }).format(toMs(value))}`;
    if (step >= 1 || minutes === 0) return dayText(day) + date;
    return minutes % 60 ? `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")}` : `${minutes / 60} h`;
  }

  /**
   * A place on the axis: the site's clock, or the hours of that day where each cell has its own.
   * @param {number} value
   */
  function placeText(value) {
    const day = Math.floor(value);
    return zero === "cell" ? `${dayText(day)}, ${Math.floor((value - day) * 24)} h` : `${dayText(day)} · ${moment(toMs(value))}`;
  }

  /**
   * @param {string} name
   * @returns {Range}
   */
  function periodRange(name) {
    const to = Math.max(...Object.keys(stays).map((cell) => (endOf(cell) - zeroOf(cell)) / DAY));
    const from = name in PERIODS ? Math.max(0, to - PERIODS[name]) : 0;
    return { from, to: Math.max(to, from + SHORTEST) };
  }

  const chosen = () => boxes.filter((box) => box.checked);

  /**
   * @param {number} points
   * @param {AbortSignal} signal
   */
  async function load(points, signal) {
    const wanted = picker.value;
    const cells = chosen().filter(({ value }) => site.cells[value].parameters.includes(wanted));
    const [read, meanwhile] = await Promise.all([
      Promise.all(cells.map((box) => loadLine(box, wanted, cells.length === 1, points, signal))),
      Promise.all(cells.map((box) => loadHappenings(box.value, wanted, signal))),
    ]);
    lines = read;
    happened = meanwhile.flat();
    code = wanted;
    nextRefresh = now() + REFRESH_MS;
  }

  /**
   * What happened in a cell while it held the experiment.
   * @param {string} cell
   * @param {string} wanted
   * @param {AbortSignal} signal
   */
  async function loadHappenings(cell, wanted, signal) {
    const [from, to] = [Math.max(stays[cell][0].from, zeroOf(cell) + controls.range.from * DAY), Math.min(endOf(cell), zeroOf(cell) + controls.range.to * DAY)];
    if (from >= to) return [];
    const found = happenings(await fetchEvents(cell, from, to, signal), wanted);
    const held = found.filter((one) => stays[cell].some((stay) => one.from < (stay.to ?? Infinity) && (one.to ?? Infinity) >= stay.from));
    return held.map((one) => ({ ...one, text: `${cell} · ${one.text}`, cell }));
  }

  /** The layers of all cells that are compared, on the axis of days. */
  function layers() {
    /** @type {import("../rendering/types").History} */
    const empty = { cell: "", from: "", to: "", source: "raw", width: 0, series: {} };
    const cells = [...new Set(happened.map((one) => one.cell))];
    const found = cells.map((cell) => {
      const end = zeroOf(cell) + controls.range.to * DAY;
      const own = layersOf(empty, happened.filter((one) => one.cell === cell), { door: null, light: null, end });
      /** @param {number} seconds */
      const toDays = (seconds) => (seconds * 1000 - zeroOf(cell)) / DAY;
      return own.map(({ kind, ranges }) => ({ kind, ranges: ranges.map(([a, b]) => /** @type {[number, number]} */ ([toDays(a), toDays(b)])) }));
    });
    return found.flat();
  }

  /**
   * A cell's readings of the times in which it held the experiment: before and after they are another's.
   * @param {HTMLInputElement} box
   * @param {string} wanted
   * @param {boolean} alone with its setpoint, which would hide other cells
   * @param {number} points
   * @param {AbortSignal} signal
   * @returns {Promise<CellLine>}
   */
  async function loadLine(box, wanted, alone, points, signal) {
    const cell = box.value;
    const style = Number(box.closest("[data-line]")?.getAttribute("data-line"));
    const origin = zeroOf(cell);
    /** @param {number} ms */
    const toDays = (ms) => (ms - origin) / DAY;
    const from = Math.max(stays[cell][0].from, origin + controls.range.from * DAY);
    const to = Math.min(endOf(cell), origin + controls.range.to * DAY);
    const found = setpointsOf(site)[wanted];
    const setpoint = alone && site.cells[cell].parameters.includes(found) ? found : null;
    /** @type {CellLine} */
    const line = { x: [], min: [], mean: [], max: [], setpoint: [], low: [], high: [], cell, style, setpointKnown: setpoint !== null };
    if (from >= to) return line;
    const history = await fetchHistory(cell, setpoint ? [wanted, setpoint] : [wanted], from, to, points, signal);
    const longest = site.stale_periods * site.cells[cell].period * 1000;
    const all = toColumns(history, wanted, setpoint, () => ({ tolerance: given.limits[wanted]?.deviation ?? null, low: null, high: null }), longest);
    let last = -1;
    all.x.forEach((seconds, n) => {
      const ms = seconds * 1000;
      const stay = stays[cell].findIndex((one) => ms >= one.from && (one.to === null || ms < one.to));
      if (stay < 0) return;
      // Another stay in the same cell: nothing leads over from the one to the next.
      if (last >= 0 && stay !== last) {
        line.x.push(toDays(stays[cell][stay].from));
        for (const name of LINES) line[name].push(null);
      }
      last = stay;
      line.x.push(toDays(ms));
      for (const name of LINES) line[name].push(all[name][n]);
    });
    return line;
  }

  function draw() {
    if (!lines) return;
    const parameter = site.parameters[code];
    const limits = given.limits[code];
    const { range } = controls;
    const single = lines.length === 1 && lines[0].setpointKnown ? lines[0] : null;
    /** @param {number | null | undefined} value */
    const flat = (value) => (value === null || value === undefined ? null : { x: [range.from, range.to], y: [value, value] });
    /** @param {"low" | "high"} name */
    const along = (name) => (single && limits?.deviation ? { x: single.x, y: single[name] } : flat(limits?.[name]));
    const bounds = { setpoint: single && { x: single.x, y: single.setpoint }, low: along("low"), high: along("high") };
    const all = layers();
    switches.offer(all);
    plot.show(daysPicture(lines, { ...bounds, parameter, range, layers: switches.visible(all), label: axisLabel }));
    listHappenings(happened);
    part("setpoint-key").hidden = !bounds.setpoint;
    part("band-key").hidden = !(bounds.low || bounds.high);
    describe(lines, parameter);
  }

  /**
   * @param {CellLine[]} shown
   * @param {Parameter} parameter
   */
  function describe(shown, parameter) {
    const { from, to } = controls.range;
    const period = fill(texts.days_shown, { from: number(from, 1), to: number(to, 1) });
    const summaries = shown.map((line) => summaryText(line, parameter));
    const text = chosen().length ? summaries.join("\n") || texts.chart_empty : texts.choose_cells;
    part("plot").setAttribute("aria-label", `${parameter[language]}, ${period}. ${text.replaceAll("\n", " ")}`);
    part("summary").textContent = text;
    part("shown-period").textContent = zero === "cell" ? period : `${period} · ${moment(toMs(from))} – ${moment(toMs(to))}`;
    part("days").dataset.lines = shown.map((line) => `${line.cell}:${line.x.length}`).join(" ");
    controls.refreshTable();
  }

  /** @param {number | null} value */
  function showCursor(value) {
    if (value === null || !lines?.length) { part("cursor").textContent = ""; return; }
    const parameter = site.parameters[code];
    const furthest = (controls.range.to - controls.range.from) / 40;
    const values = lines.map((line) => `${line.cell} ${valueText(nearestValue(line, value, furthest), parameter)}`);
    part("cursor").textContent = `${placeText(value)}  ·  ${values.join("  ·  ")}${parameter.unit ? ` ${parameter.unit}` : ""}`;
  }

  // A row for each day (or part of a day, for short periods), a column for each cell.
  function writeTable() {
    if (!lines) return;
    const { decimals } = site.parameters[code];
    const length = controls.range.to - controls.range.from;
    const step = length > 120 ? Math.ceil(length / 120) : length >= 3 ? 1 : 1 / 24;
    const rows = gatherByStep(lines, step).map(({ from, cells }) => {
      const day = Math.floor(from + 1e-9);
      const name = step < 1 ? `${dayText(day)}, ${Math.round((from - day) * 24)} h` : dayText(day);
      return [name, ...cells.map((one) => (one
        ? `${number(one.mean, decimals)}  (${number(one.min, decimals)} … ${number(one.max, decimals)})` : "–"))];
    });
    fillTable([texts.day_axis, ...lines.map((line) => line.cell)], rows);
  }

  function limitLines() {
    const full = chosen().length >= MOST_LINES;
    for (const box of boxes) box.disabled = full && !box.checked;
  }

  const zeroButtons = findAll("[data-zero]", HTMLElement);
  for (const button of zeroButtons) {
    button.addEventListener("click", () => {
      zero = button.dataset.zero ?? zero;
      for (const each of zeroButtons) each.setAttribute("aria-pressed", String(each === button));
      controls.choosePeriod(controls.period ?? "all");
      controls.load();
    });
  }
  picker.addEventListener("change", () => controls.load());
  for (const box of boxes) box.addEventListener("change", () => { limitLines(); controls.load(); });
  onChange(() => {
    if (running && controls.period && !isPaused() && now() > nextRefresh) { nextRefresh = now() + REFRESH_MS; controls.load(); }
  });
  limitLines();
  controls.choosePeriod("all");
  controls.load();
}

/**
 * @param {CellLine} line
 * @param {Parameter} parameter
 */
function summaryText(line, parameter) {
  const found = summarise(line);
  if (!found) return `${line.cell}${language === "fr" ? "\u202f" : ""}: ${texts.chart_empty}`;
  const [min, mean, max] = [found.min, found.mean, found.max].map((value) => number(value, parameter.decimals));
  return fill(texts.cell_summary, { cell: line.cell, min, mean, max, unit: parameter.unit }).replace(" .", ".");
}

/**
 * @param {CellLine} line
 * @param {number} place
 * @param {number} furthest
 * @returns {Point}
 */
function nearestValue(line, place, furthest) {
  let nearest = -1;
  line.x.forEach((x, n) => {
    if (line.mean[n] !== undefined && (nearest < 0 || Math.abs(x - place) < Math.abs(line.x[nearest] - place))) nearest = n;
  });
  return nearest >= 0 && Math.abs(line.x[nearest] - place) < furthest ? line.mean[nearest] : null;
}

const source = document.getElementById("days");
if (source) compareDays(JSON.parse(source.textContent ?? ""));
