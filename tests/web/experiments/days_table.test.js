import assert from "node:assert/strict";
import { test } from "node:test";
import { gatherByStep } from "../../../web/experiments/days_table.js";

/** @param {[number, number | null | undefined][]} points */
const line = (points) => {
  const values = points.map(([, value]) => value);
  return { x: points.map(([x]) => x), min: values, mean: values, max: values };
};

test("each day has its mean and extremes, by cell", () => {
  const found = gatherByStep([line([[0, 1], [0.5, 3], [2, 8]]), line([[1, 5], [2.9, undefined]])], 1);
  assert.deepEqual(found, [
    { from: 0, cells: [{ min: 1, mean: 2, max: 3 }, null] },
    { from: 1, cells: [null, { min: 5, mean: 5, max: 5 }] },
    { from: 2, cells: [{ min: 8, mean: 8, max: 8 }, null] },
  ]);
});

test("a gap makes no row, and a reading on the hour belongs to that hour", () => {
  assert.deepEqual(gatherByStep([line([[3 / 24, 2], [1, null]])], 1 / 24).map(({ from }) => Math.round(from * 24)), [3]);
});
