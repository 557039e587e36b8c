// What happened in a cell becomes layers of its chart; the limits of each time belong to them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "../page_data.js";

openPage();
const { happenings, layersOf, limitsThen } = await import("../../../web/charts/layers.js");

/** @param {number} minute */
const at = (minute) => new Date(minute * 60_000).toISOString();
/** @type {import("../../../web/rendering/types").CellEvents} */
const events = {
  alarms: [
    { parameter: "temperature", since: at(1), returned_at: at(2), ended_at: at(9), text: { en: "too high" } },
    { parameter: "co2", since: at(1), returned_at: null, ended_at: null, text: { en: "of another parameter" } },
  ],
  interventions: [],
  annotations: [{ parameter: null, text: "cut", person: "Ada", started_at: at(4), ended_at: null }],
  rejections: [],
  limits: [{ parameter: "temperature", experiment: "X", started_at: at(0), ended_at: at(5), deviation: 0.2, low: null, high: null }],
};

test("an alarm is drawn while its condition held, a moment as a moment, another parameter's not at all", () => {
  const found = happenings(events, "temperature");
  assert.deepEqual(found.map(({ kind, from, to }) => [kind, from / 60_000, to && to / 60_000]), [["alarm", 1, 2], ["annotation", 4, 4]]);
  assert.deepEqual(happenings(null, "temperature"), []);
});

test("nights are when the light is off, and what goes on reaches the end", () => {
  const t = [0, 1, 2, 3].map((minute) => minute * 60_000);
  const light = [1, 0, 0, 1];
  const door = [0, 0, null, 1];
  /** @param {(number | null)[]} values */
  const series = (values) => ({ t, min: values, mean: values, max: values });
  const history = { cell: "C1", from: "", to: "", source: /** @type {const} */ ("raw"), width: 0, series: { light: series(light), door: series(door) } };
  const open = { kind: /** @type {const} */ ("alarm"), from: 60_000, to: null, text: "" };
  const layers = layersOf(history, [open], { door: "door", light: "light", end: 240_000 });
  assert.deepEqual(layers.find((one) => one.kind === "night")?.ranges, [[60, 180]]);
  assert.deepEqual(layers.find((one) => one.kind === "door")?.ranges, [[180, 190]]);
  assert.deepEqual(layers.find((one) => one.kind === "alarm")?.ranges, [[60, 240]]);
});

test("the experiment's limits hold while it held the cell, the station's before and after", () => {
  const station = { tolerance: 1, low: null, high: null };
  const then = limitsThen(events, "temperature", station);
  assert.equal(then(60_000).tolerance, 0.2);
  assert.equal(then(6 * 60_000).tolerance, 1);
  assert.equal(limitsThen(null, "temperature", station)(0).tolerance, 1);
});
