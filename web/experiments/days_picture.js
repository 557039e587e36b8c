// Cells side by side on the days of an experiment, with the limits that it asks for.
import { join, stepped, UNSEEN } from "../charts/plot.js";

/**
 * @import { Layer, Picture } from "../charts/plot.js"
 * @import { Columns, Parameter, Point, Range } from "../rendering/types"
 */

/** @typedef {Columns & {cell: string, style: number, setpointKnown: boolean}} CellLine `x` in days, `style` 0 to 5 */
/** @typedef {{x: number[], y: Point[]}} Line */

const MINUTE = 1 / 1440;
const STEPS = [5, 10, 15, 30, 60, 120, 180, 360, 720].map((n) => n * MINUTE).concat([1, 2, 5, 7, 14, 28, 56, 112, 224]);
// Lines differ by their dashes before they differ by colour.
const DASHES = [[], [9, 4], [3, 3], [12, 3, 2, 3], [16, 5], [5, 2, 2, 2]];

/**
 * @param {CellLine[]} lines
 * @param {{setpoint: Line | null, low: Line | null, high: Line | null, parameter: Parameter, range: Range, layers: Layer[],
 *   label: (day: number, step: number) => string}} shown `range` and `step` in days
 * @returns {Picture}
 */
export function daysPicture(lines, { setpoint, low, high, parameter, range, layers, label }) {
  /** @type {Line} */
  const empty = { x: [range.from], y: [undefined] };
  const columns = lines.map((line) => ({ x: line.x, y: line.mean }));
  return {
    data: join([high ?? empty, low ?? empty, ...columns, setpoint ?? empty]),
    range,
    parameter,
    layers,
    xAxis: { space: 70, incrs: STEPS, values: (_plot, splits, _axis, _space, step) => splits.map((day) => label(day, step)) },
    series: (colours) => [
      { ...UNSEEN, label: "high", paths: stepped() }, { ...UNSEEN, label: "low", paths: stepped() },
      ...lines.map(({ cell, style }) => ({
        label: cell, stroke: colours.lines[style], width: 2, dash: DASHES[style], points: { size: 4, fill: colours.lines[style] },
        ...(parameter.kind === "state" ? { paths: stepped() } : {}),
      })),
      // Last, so that it lies over the line that keeps to it.
      { label: "setpoint", stroke: colours.setpoint, width: 2, dash: [7, 5], points: { show: false }, paths: stepped() },
    ],
    bands: [[1, 2]],
    bandColours: (colours) => [colours.band],
    shape: `${parameter.en} ${lines.map((line) => `${line.cell}:${line.style}`).join(" ")}`,
  };
}
