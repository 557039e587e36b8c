// The history as columns for a plot: fetched, put on one time axis, with every interruption left empty.

/** @import { Columns, History, Point, SeriesHistory } from "../rendering/types" */

/** No history came. */
export class HistoryFault extends Error {
  /** @param {number} status of the answer, 0 without one; 401 and 403 are not mended by asking again */
  constructor(status) {
    super(`history: ${status}`);
    this.status = status;
  }
}

/**
 * @param {string} cell
 * @param {string[]} codes of parameters
 * @param {number} from milliseconds since 1970
 * @param {number} to not included
 * @param {number} points at most so many a parameter
 * @param {AbortSignal} signal
 * @returns {Promise<History>}
 */
export async function fetchHistory(cell, codes, from, to, points, signal) {
  const query = new URLSearchParams({
    parameters: codes.join(","), from: new Date(from).toISOString(), to: new Date(to).toISOString(), points: String(points),
  });
  const address = `/api/cells/${encodeURIComponent(cell)}/history?${query}`;
  const answer = await fetch(address, { signal, headers: { Accept: "application/json" } }).catch(() => { throw new HistoryFault(0); });
  if (!answer.ok) throw new HistoryFault(answer.status);
  return answer.json().catch(() => { throw new HistoryFault(answer.status); });
}

// A source may be slower than the site's period (a logger's file): three of its own usual steps are no gap either.
/** @param {number[]} t */
function usualPause(t) {
  const steps = t.slice(1).map((at, n) => at - t[n]).sort((a, b) => a - b);
  return 3 * (steps[Math.floor(steps.length / 2)] ?? 0);
}

// Raw points have no empty buckets between them: a pause longer than `longest` becomes a null of its own.
/**
 * @param {SeriesHistory | undefined} series
 * @param {number} least milliseconds; 0: no pause is a gap
 * @returns {Map<number, [number | null, number | null, number | null]>} minimum, mean and maximum by time
 */
function withGaps(series, least) {
  const out = new Map();
  if (!series) return out;
  const longest = least && Math.max(least, usualPause(series.t));
  /** @type {number | null} */
  let before = null;
  series.t.forEach((t, n) => {
    if (before !== null && longest && t - before > longest) out.set(before + 1, [null, null, null]);
    out.set(t, [series.min[n], series.mean[n], series.max[n]]);
    before = t;
  });
  return out;
}

// On a time axis that lines share, a line has no point (undefined) where only others do. Next to an interruption
// that must be null, or the plot draws right across it.
/** @param {Point[]} column */
export function keepGaps(column) {
  /** @param {number[]} order */
  const nearest = (order) => {
    /** @type {Point} */
    let last;
    /** @type {Point[]} */
    const found = [];
    for (const n of order) { if (column[n] !== undefined) last = column[n]; found[n] = last; }
    return found;
  };
  const places = [...column.keys()];
  const [before, after] = [nearest(places), nearest([...places].reverse())];
  return column.map((value, n) => (value === undefined && (before[n] === null || after[n] === null) ? null : value));
}

export const LINES = /** @type {const} */ (["min", "mean", "max", "setpoint", "low", "high"]);

/** @typedef {{tolerance: number | null, low: number | null, high: number | null}} LimitsThen */

/**
 * The band around the setpoint, no wider than the limits of the value itself; without a setpoint those alone.
 * @param {Point} wanted
 * @param {LimitsThen} limits
 * @returns {[Point, Point]}
 */
function bounds(wanted, { tolerance, low, high }) {
  const around = typeof wanted === "number" ? tolerance ?? (low === null && high === null ? 0 : Infinity) : Infinity;
  const middle = typeof wanted === "number" ? wanted : 0;
  const [bottom, top] = [Math.max(middle - around, low ?? -Infinity), Math.min(middle + around, high ?? Infinity)];
  // A band that is open on one side, or of which nothing is known, is none.
  return Number.isFinite(bottom) && Number.isFinite(top) ? [bottom, top] : [wanted, wanted];
}

/**
 * @param {History} history
 * @param {string} measured
 * @param {string | null} setpoint
 * @param {(at: number) => LimitsThen} limitsAt within which limits a value was normal at an instant
 * @param {number} longest pause between raw readings that is no gap, in milliseconds
 * @returns {Columns} with `x` in seconds since 1970
 */
export function toColumns(history, measured, setpoint, limitsAt, longest) {
  const limit = history.width ? 0 : longest;
  const main = withGaps(history.series[measured], limit);
  const target = withGaps(setpoint === null ? undefined : history.series[setpoint], limit);
  const times = [...new Set([...main.keys(), ...target.keys()])].sort((a, b) => a - b);
  /** @type {Columns} */
  const columns = { x: [], min: [], mean: [], max: [], setpoint: [], low: [], high: [] };
  for (const t of times) {
    const [min, mean, max] = main.get(t) ?? [undefined, undefined, undefined];
    const wanted = target.get(t)?.[1];
    columns.x.push(t / 1000);
    columns.min.push(min);
    columns.mean.push(mean);
    columns.max.push(max);
    columns.setpoint.push(wanted);
    const [low, high] = bounds(wanted, limitsAt(t));
    columns.low.push(low);
    columns.high.push(high);
  }
  for (const name of LINES) columns[name] = keepGaps(columns[name]);
  return columns;
}

/** @param {Pick<Columns, "min" | "mean" | "max">} columns */
export function summarise(columns) {
  let min = Infinity, max = -Infinity, sum = 0, n = 0, gaps = 0, inGap = false;
  columns.mean.forEach((mean, i) => {
    if (mean === undefined) return;
    if (mean === null) { if (n && !inGap) { gaps += 1; inGap = true; } return; }
    inGap = false;
    min = Math.min(min, columns.min[i] ?? mean);
    max = Math.max(max, columns.max[i] ?? mean);
    sum += mean;
    n += 1;
  });
  // What is empty at the end is the present, not an interruption between values.
  return n ? { min, max, mean: sum / n, n, gaps: inGap ? gaps - 1 : gaps } : null;
}

/**
 * @param {History} history
 * @param {string} code
 * @param {number} end of what is shown, in milliseconds since 1970
 * @param {(highest: number | null) => boolean} holds tells by the highest value of a point
 * @returns {[number, number][]} when a state held, in seconds since 1970: a door open, the light off
 */
export function spansWhere(history, code, end, holds) {
  const series = history.series[code];
  /** @type {[number, number][]} */
  const spans = [];
  if (!series) return spans;
  /** @type {number | null} */
  let since = null;
  series.t.forEach((t, n) => {
    const held = holds(series.max[n]);
    if (held && since === null) since = t;
    if (!held && since !== null) { spans.push([since / 1000, t / 1000]); since = null; }
  });
  const last = series.t.at(-1);
  if (since !== null && last !== undefined) spans.push([since / 1000, Math.min(end, last + (history.width || 10) * 1000) / 1000]);
  return spans;
}

/**
 * At most `rows` rows for people who read numbers: neighbours are gathered, extremes kept.
 * @param {Columns} columns
 * @param {number} rows
 */
export function tabulate(columns, rows) {
  const filled = columns.x.map((_, i) => i).filter((i) => columns.mean[i] !== undefined);
  const size = Math.ceil(filled.length / rows) || 1;
  const table = [];
  for (let n = 0; n < filled.length; n += size) {
    const group = filled.slice(n, n + size).flatMap((i) => {
      const mean = columns.mean[i];
      return typeof mean === "number" ? [{ min: columns.min[i] ?? mean, mean, max: columns.max[i] ?? mean }] : [];
    });
    table.push({
      t: columns.x[filled[n]] * 1000,
      min: group.length ? Math.min(...group.map((one) => one.min)) : null,
      mean: group.length ? group.reduce((sum, one) => sum + one.mean, 0) / group.length : null,
      max: group.length ? Math.max(...group.map((one) => one.max)) : null,
    });
  }
  return table;
}
