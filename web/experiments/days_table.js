// The values of several cells in steps of days. Pure.

/** @import { Columns } from "../rendering/types" */

/**
 * @param {Pick<Columns, "x" | "min" | "mean" | "max">[]} lines one a cell, `x` in days
 * @param {number} step days
 * @returns {{from: number, cells: ({min: number, mean: number, max: number} | null)[]}[]} the steps that hold values,
 *   in order, each with one entry a cell
 */
export function gatherByStep(lines, step) {
  /** @type {Map<number, ({n: number, sum: number, min: number, max: number} | null)[]>} */
  const steps = new Map();
  lines.forEach((line, column) => {
    line.x.forEach((x, n) => {
      const mean = line.mean[n];
      if (mean === null || mean === undefined) return;
      const key = Math.floor(x / step + 1e-9);
      const cells = steps.get(key) ?? lines.map(() => null);
      steps.set(key, cells);
      const held = cells[column] ?? { n: 0, sum: 0, min: Infinity, max: -Infinity };
      cells[column] = {
        n: held.n + 1, sum: held.sum + mean, min: Math.min(held.min, line.min[n] ?? mean), max: Math.max(held.max, line.max[n] ?? mean),
      };
    });
  });
  return [...steps.entries()].sort(([a], [b]) => a - b).map(([key, cells]) => ({
    from: key * step,
    cells: cells.map((held) => held && { min: held.min, mean: held.sum / held.n, max: held.max }),
  }));
}
