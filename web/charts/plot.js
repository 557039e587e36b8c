// One series beside its setpoint. With compared.js, all that touches uPlot. Columns in, a picture out; what people do with it comes back as wished ranges.
import uPlot from "../static/vendor/uplot/uPlot.js";
import { dateFormat, locale, number } from "../rendering/formats.js";
import { addGestures } from "./gestures.js";

const HOUR = 3600_000;
const DAY = 24 * HOUR;
// For cells side by side; only the style sheets that need them define them.
const LINES = [0, 1, 2, 3, 4, 5].map((n) => `--line-${n}`);

// Canvas cannot read light-dark(): let the style sheet resolve each colour for this theme.
export function colours(element) {
  const probe = document.createElement("span");
  element.append(probe);
  const read = (name) => { probe.style.color = `var(${name})`; return getComputedStyle(probe).color; };
  const found = {
    series: read("--series"), soft: read("--series-soft"), setpoint: read("--series-set"), band: read("--band"),
    grid: read("--grid"), text: read("--ink-2"), lines: LINES.map((name) => read(name)), door: "rgba(201, 165, 83, .18)",
  };
  probe.remove();
  return found;
}

function axisLabel(ms, step) {
  if (step >= 300 * DAY) return dateFormat({ year: "numeric" }).format(ms);
  if (step >= 20 * DAY) return dateFormat({ month: "short", year: "2-digit" }).format(ms);
  if (step >= DAY) return dateFormat({ day: "numeric", month: "short" }).format(ms);
  const time = step < 60_000 ? dateFormat({ hour: "2-digit", minute: "2-digit", second: "2-digit" }) : dateFormat({ hour: "2-digit", minute: "2-digit" });
  return time.format(ms);
}

// Ticks fall on the site's hours and days, not on this computer's. uPlot does the counting in that zone's wall clock.
function zoneDate(zone) { return (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone); }

function axisLabels(_, splits, __, ___, increment) {
  return splits.map((seconds, n) => {
    const ms = seconds * 1000;
    const label = axisLabel(ms, increment * 1000);
    if (increment * 1000 >= DAY) return label;
    const day = dateFormat({ day: "numeric", month: "short" });
    const first = n === 0 || day.format(ms) !== day.format(splits[n - 1] * 1000);
    return first ? `${label}\n${day.format(ms)}` : label;
  });
}

// Flat lines stay flat: noise below ten steps of the sensor's resolution must not fill the picture.
export function rangeOf(parameter) {
  const least = Math.max(10 * 10 ** -parameter.decimals, 1e-6);
  return (_, low, high) => {
    if (low === null || high === null) return [0, 1];
    const middle = (low + high) / 2;
    const half = Math.max((high - low) / 2, least / 2) * 1.12;
    const bottom = parameter.minimum === 0 && low >= 0 ? Math.max(0, middle - half) : middle - half;
    return [bottom, middle + half];
  };
}

function shadeDoors(current, colour) {
  return (plot) => {
    const doors = current();
    if (!doors.length) return;
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.fillStyle = colour;
    for (const [from, to] of doors) {
      const left = Math.max(bbox.left, plot.valToPos(from, "x", true));
      const right = Math.min(bbox.left + bbox.width, plot.valToPos(to, "x", true));
      if (right >= left) ctx.fillRect(left, bbox.top, Math.max(1, right - left), bbox.height);
    }
    ctx.restore();
  };
}

// `columns`: {x: seconds, min, mean, max, setpoint, low, high}; null is a gap, undefined "this line has no point here".
export function valueLabels(parameter) {
  return (_, splits, __, ___, step) => splits.map((value) => (parameter.kind === "state"
    ? parameter.states[String(value)]?.[document.documentElement.lang] ?? ""
    : new Intl.NumberFormat(locale, { maximumFractionDigits: Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)) }).format(value)));
}

export function makePlot(element, { parameter, zone, onRange, onCursor }) {
  let plot = null;
  let columns = null;
  let range = null;
  let doors = [];

  function options() {
    const colour = colours(element);
    const axis = {
      stroke: colour.text, grid: { stroke: colour.grid, width: 1 }, ticks: { show: false },
      font: "12px Inter, system-ui, sans-serif",
    };
    const unseen = { stroke: "transparent", points: { show: false } };
    const state = parameter.kind === "state";
    const line = state ? { paths: uPlot.paths.stepped({ align: 1 }) } : {};
    return {
      width: element.clientWidth,
      height: Math.max(280, Math.min(440, Math.round(innerHeight * 0.44))),
      tzDate: zoneDate(zone),
      padding: [10, 12, 0, 0],
      legend: { show: false },
      scales: { x: { time: true, range: () => [range.from / 1000, range.to / 1000] }, y: { range: rangeOf(parameter) } },
      axes: [
        { ...axis, space: 78, size: 44, values: axisLabels },
        {
          ...axis, size: 58, space: 42,
          values: valueLabels(parameter),
        },
      ],
      series: [
        {},
        { ...unseen, label: "max" },
        { ...unseen, label: "min" },
        { ...unseen, label: "high" },
        { ...unseen, label: "low" },
        { label: "measured", stroke: colour.series, width: 2, points: { size: 4, fill: colour.series }, ...line },
        { label: "setpoint", stroke: colour.setpoint, width: 2, dash: [7, 5], points: { show: false }, paths: uPlot.paths.stepped({ align: 1 }) },
      ],
      bands: [{ series: [1, 2], fill: colour.soft }, { series: [3, 4], fill: colour.band }],
      cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 7 }, y: false },
      hooks: {
        drawClear: [shadeDoors(() => doors, colour.door)],
        setSelect: [(u) => {
          if (u.select.width < 6) return;
          const from = u.posToVal(u.select.left, "x") * 1000;
          const to = u.posToVal(u.select.left + u.select.width, "x") * 1000;
          u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
          onRange(from, to);
        }],
        setCursor: [(u) => onCursor(u.cursor.idx === null || u.cursor.idx === undefined ? null : rowAt(u.cursor.idx))],
      },
    };
  }

  function rowAt(index) {
    return { t: columns.x[index] * 1000, mean: columns.mean[index], min: columns.min[index], max: columns.max[index], setpoint: columns.setpoint[index] };
  }

  const data = () => [columns.x, columns.max, columns.min, columns.high, columns.low, columns.mean, columns.setpoint];

  function build() {
    plot?.destroy();
    plot = columns ? new uPlot(options(), data(), element) : null;
  }

  const follow = new ResizeObserver(() => { if (plot && Math.abs(plot.width - element.clientWidth) > 1) plot.setSize({ width: element.clientWidth, height: plot.height }); });
  follow.observe(element);
  const themes = matchMedia("(prefers-color-scheme: dark)");
  themes.addEventListener("change", build);
  addGestures(element, () => (plot ? { plot, range } : null), onRange);

  return {
    show(newColumns, newRange, newDoors, newParameter) {
      // Built anew only where it must be: somebody may be dragging in it.
      const same = plot && newParameter === parameter;
      [columns, range, doors, parameter] = [newColumns, newRange, newDoors, newParameter];
      if (same) plot.setData(data());
      else build();
    },
    get columns() { return columns; },
    get range() { return range; },
    number: (value) => number(value, parameter.decimals),
  };
}
