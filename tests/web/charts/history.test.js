import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchHistory, HistoryFault, keepGaps, spansWhere, summarise, tabulate, toColumns } from "../../../web/charts/history.js";

const MINUTE = 60_000;

/** @param {Record<string, [number, number | null][]>} series values by time in minutes @param {number} width seconds */
function history(series, width = 0) {
  const columns = Object.entries(series).map(([code, points]) => {
    const values = points.map(([, value]) => value);
    return [code, { t: points.map(([t]) => t * MINUTE), min: values, mean: values, max: values }];
  });
  return { cell: "C1", from: "", to: "", source: "raw", width, series: Object.fromEntries(columns) };
}

const none = () => ({ tolerance: null, low: null, high: null });
/** @param {number | null} highest */
const isOpen = (highest) => (highest ?? 0) > 0;

test("the band has the limits that were in force at each moment", () => {
  /** @param {number} at */
  const then = (at) => (at < MINUTE ? { tolerance: 2, low: null, high: null } : { tolerance: 2, low: 9, high: 11 });
  const columns = toColumns(history({ a: [[0, 10], [2, 10]], s: [[0, 10], [2, 10]] }), "a", "s", then, 0);
  assert.deepEqual(columns.low, [8, 9]);
  assert.deepEqual(columns.high, [12, 11]);
  const bare = toColumns(history({ a: [[0, 10], [2, 10]] }), "a", null, then, 0);
  assert.deepEqual(bare.low, [undefined, 9]);
});

test("a pause that is too long is a gap, one of the source's own rhythm is not", () => {
  const paused = toColumns(history({ a: [[0, 1], [1, 1], [2, 1], [30, 1]] }), "a", null, none, 3 * MINUTE);
  assert.deepEqual(paused.mean, [1, 1, 1, null, 1]);
  const atLimit = toColumns(history({ a: [[0, 1], [1, 1], [2, 1], [3, 1], [4, 1], [7, 1], [10.1, 1]] }), "a", null, none, 3 * MINUTE);
  assert.deepEqual(atLimit.mean, [1, 1, 1, 1, 1, 1, null, 1]);
  const slow = toColumns(history({ a: [[0, 1], [15, 1], [30, 1], [45, 1]] }), "a", null, none, 3 * MINUTE);
  assert.deepEqual(slow.mean, [1, 1, 1, 1]);
});

test("buckets bring their own gaps", () => {
  const columns = toColumns(history({ a: [[0, 1], [5, null], [60, 2]] }, 300), "a", null, none, 3 * MINUTE);
  assert.deepEqual(columns.mean, [1, null, 2]);
  assert.equal(summarise(columns)?.gaps, 1);
});

test("the tolerance lies around the setpoint, and where that is unknown nothing does", () => {
  const columns = toColumns(history({ a: [[0, 1], [2, 1]], s: [[0, 10], [2, null]] }), "a", "s", () => ({ tolerance: 0.5, low: null, high: null }), 0);
  assert.deepEqual(columns.x, [0, 120]);
  assert.deepEqual(columns.low, [9.5, null]);
  assert.deepEqual(columns.high, [10.5, null]);
});

test("a parameter without any reading has no columns", () => {
  assert.deepEqual(toColumns(history({}), "a", "s", none, 1000).x, []);
});

test("where other lines have points a line has none, but next to a gap that is a gap too", () => {
  assert.deepEqual(keepGaps([1, undefined, 2]), [1, undefined, 2]);
  assert.deepEqual(keepGaps([1, undefined, null, undefined, 2]), [1, null, null, null, 2]);
});

test("a summary counts interruptions between values, not the empty end", () => {
  /** @param {(number | null | undefined)[]} mean */
  const gaps = (mean) => summarise({ min: mean, mean, max: mean })?.gaps;
  assert.equal(gaps([null, 1, 2, null]), 0);
  assert.equal(gaps([1, null, null, 2, null]), 1);
  assert.equal(gaps([1, undefined, 2]), 0);
  assert.equal(summarise({ min: [null], mean: [null], max: [null] }), null);
});

test("a summary tells extremes and mean", () => {
  assert.deepEqual(summarise({ min: [0, 4], mean: [1, 5], max: [2, 9] }), { min: 0, max: 9, mean: 3, n: 2, gaps: 0 });
});

test("doors are open from the first open reading to the next closed one", () => {
  assert.deepEqual(spansWhere(history({ d: [[0, 0], [1, 1], [2, 1], [3, 0]] }), "d", 10 * MINUTE, isOpen), [[60, 180]]);
  assert.deepEqual(spansWhere(history({ d: [[0, 1]] }), "d", 10 * MINUTE, isOpen), [[0, 10]]);
  assert.deepEqual(spansWhere(history({}), "d", 0, isOpen), []);
});

test("a table gathers neighbours and keeps extremes", () => {
  const columns = toColumns(history({ a: [[0, 1], [1, 5], [2, 3], [3, 7]] }), "a", null, none, 0);
  assert.deepEqual(tabulate(columns, 2), [{ t: 0, min: 1, mean: 3, max: 5 }, { t: 2 * MINUTE, min: 3, mean: 5, max: 7 }]);
});

test("an answer that is no history is told apart from one that never came", async () => {
  const { signal } = new AbortController();
  /** @param {() => Promise<Response>} answer */
  const status = async (answer) => {
    globalThis.fetch = answer;
    const fault = await fetchHistory("C1", ["a"], 0, 1, 100, signal).catch((error) => error);
    assert.ok(fault instanceof HistoryFault);
    return fault.status;
  };
  assert.equal(await status(async () => new Response("", { status: 401 })), 401);
  assert.equal(await status(async () => { throw new TypeError("network"); }), 0);
  assert.equal(await status(async () => new Response("{ cut", { status: 200 })), 200);
});
