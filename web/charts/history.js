// The history as columns for a plot: fetched, put on one time axis, with every interruption left empty.

// `status` says why: 401 and 403 will not heal by asking again.
export class HistoryFault extends Error {
  constructor(status) { super(`history: ${status}`); this.status = status; }
}

export async function fetchHistory(cell, codes, from, to, points, signal) {
  const query = new URLSearchParams({
    parameters: codes.join(","), from: new Date(from).toISOString(), to: new Date(to).toISOString(), points: String(points),
  });
  const answer = await fetch(`/api/cells/${encodeURIComponent(cell)}/history?${query}`, { signal, headers: { Accept: "application/json" } });
  if (!answer.ok) throw new HistoryFault(answer.status);
  return answer.json();
}

// A source may be slower than the site's period (a logger's file): three of its own usual steps are no gap either.
function usualPause(t) {
  const steps = t.slice(1).map((at, n) => at - t[n]).sort((a, b) => a - b);
  return 3 * (steps[Math.floor(steps.length / 2)] ?? 0);
}

// Raw points have no empty buckets between them: a pause longer than `longest` becomes a null of its own.
function withGaps(series, least) {
  const out = new Map();
  const longest = least && Math.max(least, usualPause(series.t));
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
export function keepGaps(column) {
  const nearest = (order) => {
    let last;
    const found = [];
    for (const n of order) { if (column[n] !== undefined) last = column[n]; found[n] = last; }
    return found;
  };
  const places = [...column.keys()];
  const [before, after] = [nearest(places), nearest([...places].reverse())];
  return column.map((value, n) => (value === undefined && (before[n] === null || after[n] === null) ? null : value));
}

export function toColumns(history, measured, setpoint, tolerance, longest) {
  const limit = history.width ? 0 : longest;
  const main = withGaps(history.series[measured] ?? { t: [] }, limit);
  const target = setpoint ? withGaps(history.series[setpoint] ?? { t: [] }, limit) : new Map();
  const times = [...new Set([...main.keys(), ...target.keys()])].sort((a, b) => a - b);
  const columns = { x: [], min: [], mean: [], max: [], setpoint: [], low: [], high: [] };
  for (const t of times) {
    const [min, mean, max] = main.get(t) ?? [undefined, undefined, undefined];
    const wanted = target.has(t) ? target.get(t)[1] : undefined;
    const known = wanted !== null && wanted !== undefined;
    columns.x.push(t / 1000);
    columns.min.push(min);
    columns.mean.push(mean);
    columns.max.push(max);
    columns.setpoint.push(wanted);
    columns.low.push(known && tolerance ? wanted - tolerance : wanted);
    columns.high.push(known && tolerance ? wanted + tolerance : wanted);
  }
  for (const name of ["min", "mean", "max", "setpoint", "low", "high"]) columns[name] = keepGaps(columns[name]);
  return columns;
}

export function summarise(columns) {
  let min = Infinity, max = -Infinity, sum = 0, n = 0, gaps = 0, inGap = false;
  columns.mean.forEach((mean, i) => {
    if (mean === undefined) return;
    if (mean === null) { if (n && !inGap) { gaps += 1; inGap = true; } return; }
    inGap = false;
    min = Math.min(min, columns.min[i]);
    max = Math.max(max, columns.max[i]);
    sum += mean;
    n += 1;
  });
  // What is empty at the end is the present, not an interruption between values.
  return n ? { min, max, mean: sum / n, n, gaps: inGap ? gaps - 1 : gaps } : null;
}

export function openDoors(history, door, end) {
  const series = history.series[door];
  const spans = [];
  if (!series) return spans;
  let since = null;
  series.t.forEach((t, n) => {
    const open = (series.max[n] ?? 0) > 0;
    if (open && since === null) since = t;
    if (!open && since !== null) { spans.push([since / 1000, t / 1000]); since = null; }
  });
  if (since !== null) spans.push([since / 1000, Math.min(end, series.t.at(-1) + (history.width || 10) * 1000) / 1000]);
  return spans;
}

// At most `rows` rows for people who read numbers: neighbours are gathered, extremes kept.
export function tabulate(columns, rows) {
  const filled = columns.x.map((_, i) => i).filter((i) => columns.mean[i] !== undefined);
  const size = Math.ceil(filled.length / rows) || 1;
  const table = [];
  for (let n = 0; n < filled.length; n += size) {
    const group = filled.slice(n, n + size).filter((i) => columns.mean[i] !== null);
    table.push({
      t: columns.x[filled[n]] * 1000,
      min: group.length ? Math.min(...group.map((i) => columns.min[i])) : null,
      mean: group.length ? group.reduce((sum, i) => sum + columns.mean[i], 0) / group.length : null,
      max: group.length ? Math.max(...group.map((i) => columns.max[i])) : null,
    });
  }
  return table;
}
