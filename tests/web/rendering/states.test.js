import assert from "node:assert/strict";
import { test } from "node:test";
import { gaugePlace, setpointsOf, showCell, showValue } from "../../../web/rendering/states.js";
import { SITE } from "../page_data.js";

const NOW = Date.UTC(2026, 6, 1);
/** @param {Record<string, number | null>} values @param {object} more */
const latest = (values, more = {}) => ({ observed_at: new Date(NOW - 5000).toISOString(), values, ...more });
/** @param {object} more */
const snapshot = (more) => ({ now: "", cells: {}, units: {}, services: {}, alarms: [], experiments: {}, ...more });

test("a setpoint belongs to what it is the setpoint of", () => {
  assert.deepEqual(setpointsOf(SITE), { temperature: "temperature_setpoint" });
});

test("a value is judged against its setpoint, or against an experiment's own limits", () => {
  const values = latest({ temperature: 19.5, temperature_setpoint: 18 });
  assert.equal(showValue(SITE, "temperature", values).state, "high");
  assert.equal(showValue(SITE, "temperature", values, { temperature: { deviation: 2, low: null, high: null } }).state, "ok");
  assert.equal(showValue(SITE, "temperature", values, { temperature: { deviation: null, low: 20, high: null } }).state, "low");
});

test("a value that was not reported is missing, one that was null is none", () => {
  assert.equal(showValue(SITE, "temperature", latest({})).state, "missing");
  assert.equal(showValue(SITE, "temperature", undefined).state, "missing");
  assert.equal(showValue(SITE, "temperature", latest({ temperature: null })).state, "none");
});

test("an alarm comes before everything, and a cell that was never heard has no data", () => {
  const alarm = { id: 1, place: "C1", cell: "C1", code: "x", severity: "major", state: "active", since: "", text: {} };
  const cells = { C1: latest({ temperature: 18, temperature_setpoint: 18 }) };
  assert.equal(showCell(SITE, "C1", snapshot({ cells }), NOW).state, "normal");
  assert.equal(showCell(SITE, "C1", snapshot({ cells, alarms: [alarm] }), NOW).state, "alarm");
  assert.equal(showCell(SITE, "C1", snapshot({}), NOW).state, "nodata");
});

test("the needle stays on its gauge", () => {
  assert.deepEqual([-10, -1, 0, 1, 10].map((deviation) => gaugePlace(deviation, 1)), [-49, -27, -2, 23, 45]);
  assert.equal(gaugePlace(null, 1), -2);
});
