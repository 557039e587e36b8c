// Cells side by side on the days of an experiment. Columns in, a picture out; wished ranges, in days, come back.
import uPlot from "../static/vendor/uplot/uPlot.js";
import { addGestures } from "../charts/gestures.js";
import { keepGaps } from "../charts/history.js";
import { colours, rangeOf, valueLabels } from "../charts/plot.js";

const MINUTE = 1 / 1440;
const STEPS = [5, 10, 15, 30, 60, 120, 180, 360, 720].map((n) => n * MINUTE).concat([1, 2, 5, 7, 14, 28, 56, 112, 224]);
// Lines differ by their dashes before they differ by colour.
export const DASHES = [[], [9, 4], [3, 3], [12, 3, 2, 3], [16, 5], [5, 2, 2, 2]];

// `lines`: [{x: days, mean, style}]; `setpoint`, `low`, `high`: {x, y} or null; `label` writes a place on the axis.
export function makeComparison(element, { label, onRange, onCursor }) {
  let plot = null;
  let shown = null;

  function tables() {
    const empty = [[shown.range.from], [undefined]];
    const table = (one) => (one ? [one.x, one.y] : empty);
    const [x, ...columns] = uPlot.join([table(shown.high), table(shown.low), ...shown.lines.map((line) => [line.x, line.mean]), table(shown.setpoint)]);
    return [x, ...columns.map(keepGaps)];
  }

  function options() {
    const colour = colours(element);
    const axis = { stroke: colour.text, grid: { stroke: colour.grid, width: 1 }, ticks: { show: false }, font: "12px Inter, system-ui, sans-serif" };
    const unseen = { stroke: "transparent", points: { show: false } };
    const stepped = uPlot.paths.stepped({ align: 1 });
    return {
      width: element.clientWidth,
      height: Math.max(280, Math.min(440, Math.round(innerHeight * 0.44))),
      padding: [10, 14, 0, 0],
      legend: { show: false },
      scales: { x: { time: false, range: () => [shown.range.from, shown.range.to] }, y: { range: rangeOf(shown.parameter) } },
      axes: [
        { ...axis, space: 70, size: 44, incrs: STEPS, values: (_, splits, __, ___, step) => splits.map((value) => label(value, step)) },
        { ...axis, size: 58, space: 42, values: valueLabels(shown.parameter) },
      ],
      series: [
        {},
        { ...unseen, label: "high", paths: stepped }, { ...unseen, label: "low", paths: stepped },
        ...shown.lines.map((line) => ({
          label: line.cell, stroke: colour.lines[line.style], width: 2, dash: DASHES[line.style], points: { size: 4, fill: colour.lines[line.style] },
          ...(shown.parameter.kind === "state" ? { paths: stepped } : {}),
        })),
        // Last, so that it lies over the line that keeps to it.
        { label: "setpoint", stroke: colour.setpoint, width: 2, dash: [7, 5], points: { show: false }, paths: stepped },
      ],
      bands: [{ series: [1, 2], fill: colour.band }],
      cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 7 }, y: false },
      hooks: {
        setSelect: [(u) => {
          if (u.select.width < 6) return;
          const [from, to] = [u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")];
          u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
          onRange(from, to);
        }],
        setCursor: [(u) => onCursor(u.cursor.left < 0 ? null : u.posToVal(u.cursor.left, "x"))],
      },
    };
  }

  function build() {
    plot?.destroy();
    plot = shown ? new uPlot(options(), tables(), element) : null;
  }

  new ResizeObserver(() => { if (plot && Math.abs(plot.width - element.clientWidth) > 1) plot.setSize({ width: element.clientWidth, height: plot.height }); }).observe(element);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
  // Gestures count in milliseconds, as the other plot does.
  addGestures(element, () => (plot ? { plot, range: { from: shown.range.from * 1000, to: shown.range.to * 1000 } } : null), (from, to) => onRange(from / 1000, to / 1000));

  return { show(picture) { shown = picture; build(); } };
}
