// An experiment's cells beside each other, day by day: which cells, which parameter, which days, and where day 0 lies.
import { makeComparison } from "./compared.js";
import { dateFormat, fill, language, moment, number, valueText } from "../rendering/formats.js";
import { fetchHistory, summarise, toColumns } from "../charts/history.js";
import { isPaused, now, onChange } from "../live/live.js";
import { site, texts } from "../rendering/page_data.js";
import { setpointsOf } from "../rendering/states.js";

const DAY = 86_400_000;
const SHORTEST = 2 / 1440;
const LONGEST = 40 * 366;
const MOST_LINES = 6;
const part = (name) => document.querySelector(`[data-${name}]`);

const source = document.getElementById("days");
if (source) compareDays(JSON.parse(source.textContent));

function compareDays(given) {
  const start = Date.parse(given.start);
  const spans = Object.fromEntries(Object.entries(given.cells).map(([cell, list]) => [cell, list.map(([from, to]) => [Date.parse(from), to ? Date.parse(to) : null])]));
  const open = Object.values(spans).some((list) => list.some(([, to]) => to === null));
  // Where day 0 lies: at the experiment's first cell for all, or where each cell began.
  const zeroOf = (cell) => (view.zero === "cell" ? spans[cell][0][0] : start);
  const endOf = (cell) => Math.max(...spans[cell].map(([, to]) => to ?? now()));
  const finish = () => Math.max(...Object.keys(spans).map((cell) => (endOf(cell) - zeroOf(cell)) / DAY));
  const toMs = (days) => start + days * DAY;
  const picker = part("parameter");
  const boxes = [...document.querySelectorAll("[data-compare]")];
  const setpoints = setpointsOf(site);
  const view = { zero: "experiment", span: "all", from: 0, to: 0, lines: [] };
  let loading = null, timer = null, retry = null, nextRefresh = 0;

  const plot = makeComparison(part("plot"), { label: axisLabel, onRange: goTo, onCursor: showCursor });

  // Under the days stand the dates of the site's calendar, where all cells share them.
  function axisLabel(value, step) {
    const day = Math.floor(value + 1e-9);
    const minutes = Math.round((value - day) * 1440);
    const date = view.zero === "cell" ? "" : `\n${dateFormat({ day: "numeric", month: "short" }).format(toMs(value))}`;
    if (step >= 1 || minutes === 0) return fill(texts.day_number, { n: number(day, 0) }) + date;
    return minutes % 60 ? `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")}` : `${minutes / 60} h`;
  }

  // A place on the axis in words: the site's clock, or the hours of that day where each cell has its own.
  function place(value) {
    const day = Math.floor(value);
    const said = fill(texts.day_number, { n: number(day, 0) });
    return view.zero === "cell" ? `${said}, ${Math.floor((value - day) * 24)} h` : `${said} · ${moment(toMs(value))}`;
  }

  function setSpan(name) {
    view.span = name;
    for (const button of document.querySelectorAll("[data-range]")) button.setAttribute("aria-pressed", String(button.dataset.range === name));
    if (!name) return;
    const length = { "24h": 1, "7d": 7, "30d": 30 }[name];
    view.to = finish();
    view.from = length ? Math.max(0, view.to - length) : 0;
    if (view.to - view.from < SHORTEST) view.to = view.from + SHORTEST;
  }

  function goTo(from, to) {
    const middle = (from + to) / 2;
    const half = Math.min(LONGEST, Math.max(SHORTEST, to - from)) / 2;
    setSpan(null);
    [view.from, view.to] = [middle - half, middle + half];
    draw();
    clearTimeout(timer);
    timer = setTimeout(load, 120);
  }

  const chosen = () => boxes.filter((box) => box.checked).map((box) => ({ cell: box.value, style: Number(box.closest("[data-line]").dataset.line) }));

  async function load() {
    clearTimeout(timer);
    clearTimeout(retry);
    loading?.abort();
    loading = new AbortController();
    const { signal } = loading;
    const box = part("plot");
    const code = picker.value;
    if (view.span) setSpan(view.span);
    box.dataset.busy = "";
    const points = Math.max(200, Math.min(1600, box.clientWidth - 60));
    const cells = chosen().filter(({ cell }) => site.cells[cell].parameters.includes(code));
    const alone = cells.length === 1;
    try {
      view.lines = await Promise.all(cells.map((one) => line(one, code, alone, points, signal)));
      view.code = code;
      nextRefresh = now() + 30_000;
      draw();
      delete box.dataset.busy;
    } catch (error) {
      if (error.name === "AbortError") return;
      delete box.dataset.busy;
      part("summary").textContent = fill(texts.chart_failed, { seconds: 10 });
      retry = setTimeout(load, 10_000);
    }
  }

  // A cell's readings of the times in which it held the experiment: before and after they are another's.
  async function line({ cell, style }, code, alone, points, signal) {
    const zero = zeroOf(cell);
    const toDays = (ms) => (ms - zero) / DAY;
    const [from, to] = [Math.max(spans[cell][0][0], zero + view.from * DAY), Math.min(endOf(cell), zero + view.to * DAY)];
    if (from >= to) return { x: [], min: [], mean: [], max: [], setpoint: [], low: [], high: [], cell, style, setpointKnown: false };
    const setpoint = alone && site.cells[cell].parameters.includes(setpoints[code]) ? setpoints[code] : null;
    const history = await fetchHistory(cell, [code, setpoint].filter(Boolean), from, to, points, signal);
    const longest = site.stale_periods * site.cells[cell].period * 1000;
    const all = toColumns(history, code, setpoint, given.limits[code]?.deviation ?? null, longest);
    const own = Object.fromEntries(Object.keys(all).map((name) => [name, []]));
    let last = null;
    all.x.forEach((seconds, n) => {
      const within = spans[cell].findIndex(([since, until]) => seconds * 1000 >= since && (until === null || seconds * 1000 < until));
      if (within < 0) return;
      // Another time in the same cell: nothing leads over from the one to the next.
      if (last !== null && within !== last) { for (const name of Object.keys(own)) own[name].push(name === "x" ? toDays(spans[cell][within][0]) : null); }
      last = within;
      for (const name of Object.keys(own)) own[name].push(name === "x" ? toDays(seconds * 1000) : all[name][n]);
    });
    return { ...own, cell, style, setpointKnown: Boolean(setpoint) };
  }

  function draw() {
    const code = view.code;
    if (!code) return;
    const limits = given.limits[code];
    const range = { from: view.from, to: view.to };
    const single = view.lines.length === 1 && view.lines[0].setpointKnown ? view.lines[0] : null;
    const flat = (value) => (value === null || value === undefined ? null : { x: [view.from, view.to], y: [value, value] });
    const along = (name) => (single && limits?.deviation ? { x: single.x, y: single[name] } : null);
    const picture = {
      lines: view.lines, range, parameter: site.parameters[code], setpoint: single ? { x: single.x, y: single.setpoint } : null,
      low: along("low") ?? flat(limits?.low), high: along("high") ?? flat(limits?.high),
    };
    plot.show(picture);
    part("setpoint-key").hidden = !picture.setpoint;
    part("band-key").hidden = !(picture.low || picture.high);
    describe(site.parameters[code]);
  }

  function describe(parameter) {
    const period = fill(texts.days_shown, { from: number(view.from, 1), to: number(view.to, 1) });
    const said = (value) => number(value, parameter.decimals);
    const lines = view.lines.map((one) => {
      const found = summarise(one);
      return found
        ? fill(texts.cell_summary, { cell: one.cell, min: said(found.min), mean: said(found.mean), max: said(found.max), unit: parameter.unit }).replace(" .", ".")
        : `${one.cell}${language === "fr" ? "\u202f" : ""}: ${texts.chart_empty}`;
    });
    const words = chosen().length ? lines.join("\n") || texts.chart_empty : texts.choose_cells;
    part("plot").setAttribute("aria-label", `${parameter[language]}, ${period}. ${words.replaceAll("\n", " ")}`);
    part("summary").textContent = words;
    part("shown-period").textContent = view.zero === "cell" ? period : `${period} · ${moment(toMs(view.from))} – ${moment(toMs(view.to))}`;
    part("days").dataset.lines = view.lines.map((one) => `${one.cell}:${one.x.length}`).join(" ");
    if (part("numbers").open) writeTable();
  }

  function showCursor(value) {
    if (value === null || !view.lines.length) { part("cursor").textContent = ""; return; }
    const parameter = site.parameters[view.code];
    const words = view.lines.map((one) => {
      let near = null;
      one.x.forEach((x, n) => { if (one.mean[n] !== undefined && (near === null || Math.abs(x - value) < Math.abs(one.x[near] - value))) near = n; });
      const close = near !== null && Math.abs(one.x[near] - value) < (view.to - view.from) / 40 ? one.mean[near] : null;
      return `${one.cell} ${valueText(close, parameter)}`;
    });
    part("cursor").textContent = `${place(value)}  ·  ${words.join("  ·  ")}${parameter.unit ? ` ${parameter.unit}` : ""}`;
  }

  // A row for each day (or part of a day, for short periods), a column for each cell.
  function writeTable() {
    const parameter = site.parameters[view.code];
    const length = view.to - view.from;
    const step = length > 120 ? Math.ceil(length / 120) : length >= 3 ? 1 : 1 / 24;
    const cellOf = (name, text, more = {}) => Object.assign(document.createElement(name), { textContent: text, ...more });
    const table = part("numbers").querySelector("table");
    const head = document.createElement("tr");
    head.append(...[texts.day_axis, ...view.lines.map((one) => one.cell)].map((text) => cellOf("th", text, { scope: "col" })));
    table.tHead.replaceChildren(head);
    const rows = new Map();
    view.lines.forEach((one, column) => one.x.forEach((x, n) => {
      if (one.mean[n] === null || one.mean[n] === undefined) return;
      const key = Math.floor(x / step + 1e-9);
      if (!rows.has(key)) rows.set(key, view.lines.map(() => ({ n: 0, sum: 0, min: Infinity, max: -Infinity })));
      const held = rows.get(key)[column];
      held.n += 1; held.sum += one.mean[n]; held.min = Math.min(held.min, one.min[n]); held.max = Math.max(held.max, one.max[n]);
    }));
    const said = (value) => number(value, parameter.decimals);
    table.tBodies[0].replaceChildren(...[...rows.keys()].sort((a, b) => a - b).map((key) => {
      const row = document.createElement("tr");
      const day = Math.floor(key * step + 1e-9);
      const hour = Math.round((key * step - day) * 24);
      row.append(cellOf("th", `${fill(texts.day_number, { n: number(day, 0) })}${step < 1 ? `, ${hour} h` : ""}`, { scope: "row" }));
      row.append(...rows.get(key).map((held) => cellOf("td", held.n ? `${said(held.sum / held.n)}  (${said(held.min)} … ${said(held.max)})` : "–")));
      return row;
    }));
  }

  function limitLines() {
    const full = boxes.filter((box) => box.checked).length >= MOST_LINES;
    for (const box of boxes) box.disabled = full && !box.checked;
  }

  const MOVES = { earlier: [-0.5, -0.5], later: [0.5, 0.5], in: [0.25, -0.25], out: [-0.5, 0.5] };
  for (const button of document.querySelectorAll("[data-move]")) {
    button.addEventListener("click", () => {
      const length = view.to - view.from;
      const [left, right] = MOVES[button.dataset.move];
      goTo(view.from + left * length, view.to + right * length);
    });
  }
  for (const button of document.querySelectorAll("[data-zero]")) {
    button.addEventListener("click", () => {
      view.zero = button.dataset.zero;
      for (const each of document.querySelectorAll("[data-zero]")) each.setAttribute("aria-pressed", String(each === button));
      setSpan(view.span ?? "all");
      load();
    });
  }
  for (const button of document.querySelectorAll("[data-range]")) button.addEventListener("click", () => { setSpan(button.dataset.range); load(); });
  picker.addEventListener("change", load);
  for (const box of boxes) box.addEventListener("change", () => { limitLines(); load(); });
  part("numbers").addEventListener("toggle", () => { if (part("numbers").open && view.code) writeTable(); });
  onChange(() => { if (open && view.span && !isPaused() && now() > nextRefresh) { nextRefresh = now() + 30_000; load(); } });
  limitLines();
  setSpan("all");
  load();
}
