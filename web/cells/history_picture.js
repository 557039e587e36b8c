// One parameter of a cell over time: what was measured, its setpoint, the limits then, and what happened.
import { stepped, timeLabels, UNSEEN } from "../charts/plot.js";

/**
 * @import { Layer, Picture } from "../charts/plot.js"
 * @import { Columns, Parameter, Range } from "../rendering/types"
 */

/**
 * @param {Columns} columns with `x` in seconds since 1970
 * @param {{parameter: Parameter, range: Range, layers: Layer[], timeZone: string}} shown `range` in milliseconds since
 *   1970, the ranges of `layers` in seconds
 * @returns {Picture}
 */
export function historyPicture(columns, { parameter, range, layers, timeZone }) {
  return {
    data: [columns.x, columns.max, columns.min, columns.high, columns.low, columns.mean, columns.setpoint],
    range: { from: range.from / 1000, to: range.to / 1000 },
    parameter,
    xAxis: { space: 78, values: timeLabels },
    timeZone,
    series: (colours) => [
      { ...UNSEEN, label: "max" }, { ...UNSEEN, label: "min" }, { ...UNSEEN, label: "high" }, { ...UNSEEN, label: "low" },
      {
        label: "measured", stroke: colours.series, width: 2, points: { size: 4, fill: colours.series },
        ...(parameter.kind === "state" ? { paths: stepped() } : {}),
      },
      { label: "setpoint", stroke: colours.setpoint, width: 2, dash: [7, 5], points: { show: false }, paths: stepped() },
    ],
    bands: [[1, 2], [3, 4]],
    bandColours: (colours) => [colours.soft, colours.band],
    layers,
    shape: parameter.en,
  };
}
