import assert from "node:assert/strict";
import { test } from "node:test";
import { clamped, moved, shifted, zoomed } from "../../../web/charts/ranges.js";

test("buttons move by half a range and zoom to half or twice of it", () => {
  const range = { from: 100, to: 200 };
  assert.deepEqual(moved(range, "earlier"), { from: 50, to: 150 });
  assert.deepEqual(moved(range, "later"), { from: 150, to: 250 });
  assert.deepEqual(moved(range, "in"), { from: 125, to: 175 });
  assert.deepEqual(moved(range, "out"), { from: 50, to: 250 });
});

test("what lies under the fingers stays there", () => {
  assert.deepEqual(zoomed({ from: 0, to: 100 }, 25, 2), { from: -25, to: 175 });
  assert.deepEqual(zoomed({ from: 0, to: 100 }, 25, 0.2), { from: 20, to: 40 });
});

test("a drag keeps the length", () => {
  assert.deepEqual(shifted({ from: 1, to: 3 }, -5), { from: -4, to: -2 });
});

test("a range is never shorter or longer than it may, around its middle", () => {
  assert.deepEqual(clamped({ from: 10, to: 11 }, 4, 100), { from: 8.5, to: 12.5 });
  assert.deepEqual(clamped({ from: 0, to: 1000 }, 4, 100), { from: 450, to: 550 });
  assert.deepEqual(clamped({ from: 20, to: 10 }, 4, 100), { from: 13, to: 17 });
});
