// All that touches uPlot. A picture in; what people do with it comes back as ranges and places of its axis.
import { dateFormat, language, locale } from "../rendering/formats.js";
import uPlot from "../static/vendor/uplot/uPlot.js";
import { addGestures } from "./gestures.js";
import { keepGaps } from "./history.js";

/** @import { Parameter, Point, Range } from "../rendering/types" */

/** @typedef {ReturnType<typeof readColours>} Colours */
/** @typedef {{x: number | null, index: number | null}} Cursor a place on the axis and the point that is nearest */

/** @typedef {"night" | "door" | "intervention" | "annotation" | "alarm" | "rejection"} LayerKind */
/** @typedef {{kind: LayerKind, ranges: [number, number][]}} Layer ranges of x */

/**
 * @typedef {object} Picture
 * @property {(number | null | undefined)[][]} data columns: x, then one a series; null is a gap, undefined no point
 * @property {Range} range of x
 * @property {Parameter} parameter
 * @property {Partial<uPlot.Axis>} xAxis
 * @property {string} [timeZone] x counts seconds since 1970, and is labelled by this zone's clock
 * @property {(colours: Colours) => uPlot.Series[]} series
 * @property {[number, number][]} bands between which series an area is filled
 * @property {(colours: Colours) => string[]} bandColours one a band
 * @property {Layer[]} [layers] what happened meanwhile, the first below the others
 * @property {string} shape pictures of one shape differ by their data and range alone
 */

const FONT = "12px Inter, system-ui, sans-serif";
// For cells side by side; only the style sheets that need them define them.
const LINES = [0, 1, 2, 3, 4, 5].map((n) => `--line-${n}`);

/**
 * Canvas cannot read light-dark(): let the style sheet resolve each colour for this theme.
 * @param {HTMLElement} element
 */
function readColours(element) {
  const probe = document.createElement("span");
  element.append(probe);
  /** @param {string} name */
  const read = (name) => { probe.style.color = `var(${name})`; return getComputedStyle(probe).color; };
  const found = {
    series: read("--series"), soft: read("--series-soft"), setpoint: read("--series-set"), band: read("--band"),
    grid: read("--grid"), text: read("--ink-2"), lines: LINES.map((name) => read(name)),
    night: read("--layer-night"), door: read("--layer-door"), intervention: read("--layer-intervention"),
    annotation: read("--layer-annotation"), alarm: read("--layer-alarm"), rejection: read("--layer-rejection"),
  };
  probe.remove();
  return found;
}

export const stepped = () => uPlot.paths.stepped?.({ align: 1 });

/** What is not drawn itself, but bounds an area. */
export const UNSEEN = { stroke: "transparent", points: { show: false } };

/**
 * Put lines with points of their own on one axis, their interruptions kept.
 * @param {{x: number[], y: Point[]}[]} lines
 * @returns {Point[][]}
 */
export function join(lines) {
  const [x, ...columns] = uPlot.join(lines.map((line) => /** @type {uPlot.AlignedData} */ ([line.x, line.y])));
  return [[...x], ...columns.map((column) => keepGaps([...column]))];
}

const HOUR = 3600_000;
const DAY = 24 * HOUR;

/**
 * @param {number} ms
 * @param {number} step milliseconds
 */
function timeLabel(ms, step) {
  if (step >= 300 * DAY) return dateFormat({ year: "numeric" }).format(ms);
  if (step >= 20 * DAY) return dateFormat({ month: "short", year: "2-digit" }).format(ms);
  if (step >= DAY) return dateFormat({ day: "numeric", month: "short" }).format(ms);
  return dateFormat({ hour: "2-digit", minute: "2-digit", ...(step < 60_000 ? { second: "2-digit" } : {}) }).format(ms);
}

/** @type {uPlot.Axis.DynamicValues} */
export function timeLabels(_plot, splits, _axis, _space, increment) {
  const day = dateFormat({ day: "numeric", month: "short" });
  return splits.map((seconds, n) => {
    const ms = seconds * 1000;
    const label = timeLabel(ms, increment * 1000);
    if (increment * 1000 >= DAY) return label;
    const first = n === 0 || day.format(ms) !== day.format(splits[n - 1] * 1000);
    return first ? `${label}\n${day.format(ms)}` : label;
  });
}

/**
 * @param {Parameter} parameter
 * @returns {uPlot.Axis.DynamicValues}
 */
function valueLabels(parameter) {
  return (_plot, splits, _axis, _space, step) => splits.map((value) => (parameter.kind === "state"
    ? parameter.states[String(value)]?.[language] ?? ""
    : new Intl.NumberFormat(locale, { maximumFractionDigits: Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)) }).format(value)));
}

/**
 * Flat lines stay flat: noise below ten steps of the sensor's resolution must not fill the picture.
 * @param {Parameter} parameter
 * @returns {uPlot.Range.Function}
 */
function valueRange(parameter) {
  const least = Math.max(10 * 10 ** -parameter.decimals, 1e-6);
  return (_plot, low, high) => {
    if (low === null || high === null) return [0, 1];
    const middle = (low + high) / 2;
    const half = Math.max((high - low) / 2, least / 2) * 1.12;
    const bottom = parameter.minimum === 0 && low >= 0 ? Math.max(0, middle - half) : middle - half;
    return [bottom, middle + half];
  };
}

// Nights and doors fill the height; what people and the watchdog noted has a strip of its own at the top or bottom,
// so that no two hide each other.
const STRIP = 7;
/** @type {Record<LayerKind, (height: number) => [number, number]>} top and height */
const PLACES = {
  night: (height) => [0, height],
  door: (height) => [0, height],
  rejection: (height) => [0, height],
  alarm: () => [0, STRIP],
  intervention: (height) => [height - 2 * STRIP - 2, STRIP],
  annotation: (height) => [height - STRIP, STRIP],
};

/**
 * @param {uPlot} plot
 * @param {Layer[]} layers
 * @param {Colours} colours
 */
function drawLayers(plot, layers, colours) {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  ctx.save();
  for (const { kind, ranges } of layers) {
    const [top, height] = PLACES[kind](bbox.height / scale).map((length) => length * scale);
    ctx.fillStyle = colours[kind];
    for (const [from, to] of ranges) {
      const left = Math.max(bbox.left, plot.valToPos(from, "x", true));
      const right = Math.min(bbox.left + bbox.width, plot.valToPos(to, "x", true));
      // A moment is drawn, too: three pixels wide.
      if (right >= bbox.left && left <= bbox.left + bbox.width) ctx.fillRect(left, bbox.top + top, Math.max(3 * scale, right - left), height);
    }
  }
  ctx.restore();
}

/**
 * @param {HTMLElement} element
 * @param {{onRange: (range: Range) => void, onCursor: (cursor: Cursor) => void}} listeners
 */
export function makePlot(element, { onRange, onCursor }) {
  /** @type {uPlot | null} */
  let plot = null;
  /** @type {Picture | null} */
  let picture = null;

  /**
   * @param {Picture} first
   * @returns {uPlot.Options}
   */
  function options(first) {
    const colours = readColours(element);
    const axis = { stroke: colours.text, grid: { stroke: colours.grid, width: 1 }, ticks: { show: false }, font: FONT };
    const { timeZone } = first;
    const fills = first.bandColours(colours);
    return {
      width: element.clientWidth,
      height: Math.max(280, Math.min(440, Math.round(innerHeight * 0.44))),
      padding: [10, timeZone ? 12 : 14, 0, 0],
      legend: { show: false },
      // Ticks fall on the site's hours and days, not on this computer's: uPlot counts in that zone's wall clock.
      ...(timeZone ? { tzDate: (/** @type {number} */ seconds) => uPlot.tzDate(new Date(seconds * 1000), timeZone) } : {}),
      scales: {
        x: { time: Boolean(timeZone), range: () => { const { from, to } = (picture ?? first).range; return [from, to]; } },
        y: { range: valueRange(first.parameter) },
      },
      axes: [{ ...axis, size: 44, ...first.xAxis }, { ...axis, size: 58, space: 42, values: valueLabels(first.parameter) }],
      series: [{}, ...first.series(colours)],
      bands: first.bands.map((series, n) => ({ series, fill: fills[n] })),
      cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 7 }, y: false },
      hooks: {
        drawClear: [(u) => drawLayers(u, picture?.layers ?? [], colours)],
        setSelect: [(u) => {
          if (u.select.width < 6) return;
          const range = { from: u.posToVal(u.select.left, "x"), to: u.posToVal(u.select.left + u.select.width, "x") };
          u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
          onRange(range);
        }],
        setCursor: [(u) => {
          const { left = -1, idx } = u.cursor;
          onCursor({ x: left < 0 ? null : u.posToVal(left, "x"), index: idx ?? null });
        }],
      },
    };
  }

  function build() {
    plot?.destroy();
    plot = picture && new uPlot(options(picture), /** @type {uPlot.AlignedData} */ (picture.data), element);
  }

  new ResizeObserver(() => {
    if (plot && Math.abs(plot.width - element.clientWidth) > 1) plot.setSize({ width: element.clientWidth, height: plot.height });
  }).observe(element);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
  addGestures(element, () => (plot && picture ? { plot, range: picture.range } : null), onRange);

  return {
    /** @param {Picture} next */
    show(next) {
      const same = plot && next.shape === picture?.shape;
      picture = next;
      if (same) plot?.setData(/** @type {uPlot.AlignedData} */ (next.data));
      else build();
    },
  };
}
