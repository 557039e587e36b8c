// The cell page's chart: which parameter, which period, live or past, and what the words below it say.
import { dateFormat, fill, language, moment, number, valueText } from "../rendering/formats.js";
import { fetchHistory, openDoors, summarise, tabulate, toColumns } from "../charts/history.js";
import { isPaused, now, onChange, state } from "../live/live.js";
import { site, texts } from "../rendering/page_data.js";
import { isAhead, latestOf, limitsFor, setpointsOf } from "../rendering/states.js";
import { makePlot } from "../charts/plot.js";

const HOUR = 3600_000;
const SPANS = { "1h": HOUR, "6h": 6 * HOUR, "24h": 24 * HOUR, "7d": 168 * HOUR, "30d": 720 * HOUR };
const SHORTEST = 30_000;
const LONGEST = 40 * 365 * 24 * HOUR;

const figure = document.querySelector("[data-chart]");
const cell = figure.dataset.chart;
const part = (name) => document.querySelector(`[data-${name}]`);
const picker = part("parameter");
const setpoints = setpointsOf(site);
const here = new Set(site.cells[cell].parameters);
const door = here.has("door") ? "door" : null;
const longestPause = site.stale_periods * site.cells[cell].period * 1000;

const view = { code: picker.value, span: "24h", from: 0, to: 0, history: null };
let loading = null;
let timer = null;
let retry = null;

const plot = makePlot(part("plot"), {
  parameter: site.parameters[view.code], zone: site.zone,
  onRange: (from, to) => goTo(from, to),
  onCursor: showCursor,
});

// The tolerance around the setpoint: the present experiment's, else the station's.
const toleranceOf = (code) => limitsFor(site.parameters[code], state.experiments[cell]?.limits?.[code]).tolerances[0]?.[0] ?? null;
const setpointOf = (code) => (setpoints[code] && here.has(setpoints[code]) ? setpoints[code] : null);
const codes = () => [view.code, setpointOf(view.code), door === view.code ? null : door].filter(Boolean);

function setSpan(name) {
  view.span = name;
  for (const button of document.querySelectorAll("[data-range]")) button.setAttribute("aria-pressed", String(button.dataset.range === name));
  if (name in SPANS) { view.to = now(); view.from = view.to - SPANS[name]; }
}

// A range that a person chose: the page stops following the clock.
function goTo(from, to) {
  const middle = (from + to) / 2;
  const half = Math.min(LONGEST, Math.max(SHORTEST, to - from)) / 2;
  view.span = null;
  setSpan(null);
  [view.from, view.to] = [middle - half, middle + half];
  draw();
  loadSoon();
}

function loadSoon() { clearTimeout(timer); timer = setTimeout(load, 120); }

async function load() {
  clearTimeout(timer);
  clearTimeout(retry);
  loading?.abort();
  loading = new AbortController();
  const { signal } = loading;
  const box = part("plot");
  box.dataset.busy = "";
  const points = Math.max(200, Math.min(1600, box.clientWidth - 60));
  try {
    if (view.span === "all") {
      const whole = await fetchHistory(cell, [view.code], Date.UTC(2000, 0, 1), now() + 60_000, points, signal);
      const t = whole.series[view.code]?.t ?? [];
      // An old recording ends where its values end, not today.
      const last = t.findLastIndex((_, n) => whole.series[view.code].mean[n] !== null);
      view.to = last < 0 ? now() : Math.min(now(), t[last] + Math.max(whole.width * 1000, 60_000));
      view.from = t.length ? Math.max(t[0], Date.UTC(2000, 0, 1)) : view.to - SPANS["24h"];
      if (t.length && whole.width) await narrow(whole, points, signal);
    } else if (view.span) setSpan(view.span);
    view.history = await fetchHistory(cell, codes(), view.from, view.to, points, signal);
    draw();
    delete box.dataset.busy;
  } catch (error) {
    if (error.name === "AbortError") return;
    delete box.dataset.busy;
    if (error.status === 401 || error.status === 403) return askToLogIn();
    part("summary").textContent = fill(texts.chart_failed, { seconds: 10 });
    retry = setTimeout(load, 10_000);
  }
  return undefined;
}

function askToLogIn() {
  const link = Object.assign(document.createElement("a"), { href: `/login?next=${encodeURIComponent(location.pathname)}`, textContent: texts.log_in });
  part("summary").replaceChildren(`${texts.chart_login} `, link);
}

// Over decades a bucket is days wide: look again at the first one to find where the data really begin.
async function narrow(whole, points, signal) {
  const begin = whole.series[view.code].t[0];
  const closer = await fetchHistory(cell, [view.code], begin, Math.min(now(), begin + whole.width * 1000), points, signal);
  const t = closer.series[view.code]?.t ?? [];
  const first = t.findIndex((_, n) => closer.series[view.code].mean[n] !== null);
  if (first >= 0) view.from = t[first];
}

function draw() {
  if (!view.history) return;
  const parameter = site.parameters[view.code];
  const setpoint = setpointOf(view.code);
  const columns = toColumns(view.history, view.code, setpoint, toleranceOf(view.code), longestPause);
  const doors = door && door !== view.code ? openDoors(view.history, door, view.to) : [];
  plot.show(columns, { from: view.from, to: view.to }, doors, parameter);
  part("setpoint-key").hidden = !setpoint;
  part("band-key").hidden = !setpoint || toleranceOf(view.code) === null;
  part("door-key").hidden = !doors.length;
  describe(columns, parameter);
}

function describe(columns, parameter) {
  const name = parameter[language];
  const label = fill(texts.chart_label, { name, from: moment(view.from), to: moment(view.to) });
  const found = summarise(columns);
  const said = (value) => number(value, parameter.decimals);
  const summary = found
    ? fill(texts.chart_summary, { name, min: said(found.min), mean: said(found.mean), max: said(found.max), unit: parameter.unit }).replace(" .", ".")
    : texts.chart_empty;
  const gaps = found?.gaps ? ` ${found.gaps === 1 ? texts.chart_gap : fill(texts.chart_gaps, { n: found.gaps })}` : "";
  part("plot").setAttribute("aria-label", `${label}. ${summary}${gaps}`);
  part("summary").textContent = summary + gaps;
  part("shown-period").textContent = `${moment(view.from)} – ${moment(view.to)} · ${view.history.width ? fill(texts.source_bucket, { width: widthText(view.history.width) }) : texts.source_raw}`;
  figure.dataset.source = view.history.source;
  figure.dataset.gaps = found?.gaps ?? 0;
  figure.dataset.points = columns.x.length;
  const query = new URLSearchParams({ parameters: codes().filter((code) => code !== door || code === view.code).join(","), from: new Date(view.from).toISOString(), to: new Date(view.to).toISOString() });
  part("csv").href = `/api/cells/${cell}/readings.csv?${query}`;
  if (part("numbers").open) writeTable();
}

function widthText(seconds) {
  if (seconds < 120) return `${number(seconds, 0)} s`;
  if (seconds < 7200) return `${number(seconds / 60, seconds % 60 ? 1 : 0)} min`;
  return `${number(seconds / 3600, seconds % 3600 ? 1 : 0)} h`;
}

function showCursor(row) {
  const parameter = site.parameters[view.code];
  const node = part("cursor");
  if (!row || row.mean === null || row.mean === undefined) { node.textContent = ""; return; }
  const words = [`${moment(row.t)}  ${[valueText(row.mean, parameter), parameter.unit].filter(Boolean).join(" ")}`];
  if (view.history.width && row.max !== row.min) words.push(`${number(row.min, parameter.decimals)} … ${number(row.max, parameter.decimals)}`);
  if (row.setpoint !== null && row.setpoint !== undefined) words.push(`${texts.setpoint} ${number(row.setpoint, parameter.decimals)}`);
  node.textContent = words.join("  ·  ");
}

function writeTable() {
  const table = part("numbers").querySelector("table");
  const parameter = site.parameters[view.code];
  const cellOf = (name, text) => Object.assign(document.createElement(name), { textContent: text });
  const head = document.createElement("tr");
  head.append(...[texts.time, texts.minimum, texts.mean, texts.maximum].map((text) => Object.assign(cellOf("th", text), { scope: "col" })));
  table.tHead.replaceChildren(head);
  table.tBodies[0].replaceChildren(...tabulate(plot.columns, 120).map((row) => {
    const line = document.createElement("tr");
    line.append(cellOf("td", moment(row.t)), ...[row.min, row.mean, row.max].map((value) => cellOf("td", number(value, parameter.decimals))));
    return line;
  }));
}

// Live: a new reading lengthens the line; where the server sends buckets, they are asked for again now and then.
let nextRefresh = 0;
function follow(changed) {
  if (!view.span || view.span === "all" || !view.history || isPaused() || (changed && !changed.cells.includes(cell))) return;
  if (view.history.width) {
    if (now() > nextRefresh) { nextRefresh = now() + Math.max(15_000, view.history.width * 500); loadSoon(); }
    return;
  }
  for (const code of codes()) {
    const series = view.history.series[code];
    const latest = latestOf(state.cells[cell], code);
    // Each value has its own time. One that lies ahead of the clock would shut out all that follow.
    if (!series || !latest || isAhead(site, (now() - latest.at) / 1000) || (series.t.length && latest.at <= series.t.at(-1))) continue;
    series.t.push(latest.at);
    for (const column of ["min", "mean", "max"]) series[column].push(latest.value);
    while (series.t.length && series.t[0] < view.from) for (const column of ["t", "min", "mean", "max"]) series[column].shift();
  }
  setSpan(view.span);
  draw();
}

const MOVES = { earlier: [-0.5, -0.5], later: [0.5, 0.5], in: [0.25, -0.25], out: [-0.5, 0.5] };
for (const button of document.querySelectorAll("[data-move]")) {
  button.addEventListener("click", () => {
    const length = view.to - view.from;
    const [left, right] = MOVES[button.dataset.move];
    goTo(view.from + left * length, view.to + right * length);
  });
}
for (const button of document.querySelectorAll("[data-range]")) button.addEventListener("click", () => { setSpan(button.dataset.range); load(); });

function choose(code) { picker.value = code; view.code = code; view.history = null; load(); }
picker.addEventListener("change", () => choose(picker.value));
for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => { choose(button.dataset.show); document.getElementById("history-title").scrollIntoView({ block: "start" }); });
}
part("numbers").addEventListener("toggle", () => { if (part("numbers").open && plot.columns) writeTable(); });

// Typed dates are the site's clock, as everything else on the page.
function toInstant(text) {
  const asUtc = Date.parse(`${text}Z`);
  const shift = (ms) => {
    const p = Object.fromEntries(dateFormat({ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" }).formatToParts(ms).map((x) => [x.type, x.value]));
    return Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) - Math.floor(ms / 1000) * 1000;
  };
  return asUtc - shift(asUtc - shift(asUtc));
}
part("dates").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  const [from, to] = [toInstant(form.get("from")), toInstant(form.get("to"))];
  const right = Number.isFinite(from) && Number.isFinite(to) && to > from;
  part("dates-error").textContent = right ? "" : texts.dates_wrong;
  if (right) goTo(from, to);
});

onChange(follow);
setSpan("24h");
load();
