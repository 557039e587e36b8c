import assert from "node:assert/strict";
import { test } from "node:test";
import { addGestures } from "../../../web/charts/gestures.js";

/** A plot 1000 px wide that shows 0 to 100; returns how to act on it and the range that was last asked for. */
function chart() {
  const listeners = /** @type {Record<string, (event: object) => void>} */ ({});
  const plot = { posToVal: (/** @type {number} */ px) => px / 10, over: { clientWidth: 1000, getBoundingClientRect: () => ({ left: 50 }) } };
  const asked = /** @type {({from: number, to: number} | null)[]} */ ([]);
  const element = { addEventListener: (/** @type {string} */ name, /** @type {() => void} */ listener) => { listeners[name] = listener; } };
  addGestures(/** @type {any} */ (element), () => /** @type {any} */ ({ plot, range: { from: 0, to: 100 } }), (range) => asked.push(range));
  return {
    act: (/** @type {string} */ name, /** @type {object} */ event) => listeners[name]({ pointerType: "touch", preventDefault() {}, ...event }),
    last: () => asked.at(-1),
  };
}

test("one finger moves, and a tap does not", () => {
  const { act, last } = chart();
  act("pointerdown", { pointerId: 1, clientX: 500 });
  act("pointermove", { pointerId: 1, clientX: 496 });
  assert.equal(last(), undefined);
  act("pointermove", { pointerId: 1, clientX: 400 });
  assert.deepEqual(last(), { from: 10, to: 110 });
});

test("two fingers zoom around their middle; the one that stays goes on moving", () => {
  const { act, last } = chart();
  act("pointerdown", { pointerId: 1, clientX: 450 });
  act("pointerdown", { pointerId: 2, clientX: 650 });
  act("pointermove", { pointerId: 2, clientX: 850 });
  assert.deepEqual(last(), { from: 25, to: 75 });
  act("pointerup", { pointerId: 2 });
  act("pointermove", { pointerId: 1, clientX: 350 });
  assert.deepEqual(last(), { from: 10, to: 110 });
});

test("the wheel zooms with Ctrl alone, around the pointer", () => {
  const { act, last } = chart();
  act("wheel", { deltaY: 100, clientX: 50 });
  assert.equal(last(), undefined);
  act("wheel", { ctrlKey: true, deltaY: -1000 / 1.6 * Math.log(2), clientX: 550 });
  const { from, to } = last() ?? { from: 0, to: 0 };
  assert.ok(Math.abs(from - 25) < 1e-9 && Math.abs(to - 75) < 1e-9, `${from} ${to}`);
});

test("the mouse is uPlot's own", () => {
  const { act, last } = chart();
  act("pointerdown", { pointerId: 1, pointerType: "mouse", clientX: 500 });
  act("pointermove", { pointerId: 1, pointerType: "mouse", clientX: 100 });
  assert.equal(last(), undefined);
});
