import assert from "node:assert/strict";
import { test } from "node:test";
import { gaugePlace, judgeCell, judgeExperiment, judgePresence, judgeValue, setpointsOf } from "../../../web/rendering/states.js";
import { SITE } from "../page_data.js";

// The table of cases that tests/telemetry/cases.py makes runs through this script in a browser (tests/pages/test_states.py).
const NOW = Date.UTC(2026, 6, 1);
/** @param {number} seconds */
const ago = (seconds) => new Date(NOW - seconds * 1000).toISOString();
/** @param {Record<string, number | null>} values @param {object} more */
const held = (values, more = {}) => ({ observed_at: ago(5), values, ...more });
/** @param {object} more */
const snapshot = (more) => ({ now: "", cells: {}, units: {}, services: {}, alarms: [], experiments: {}, ...more });
/** @param {any} values @param {object} more */
const judge = (values, more = {}) => judgeValue(SITE, "temperature", values, { presence: "online", period: 10, now: NOW, ...more });

test("a setpoint belongs to what it is the setpoint of", () => {
  assert.deepEqual(setpointsOf(SITE), { temperature: "temperature_setpoint" });
});

test("a value is judged against its setpoint, or against an experiment's own limits", () => {
  const values = held({ temperature: 19.5, temperature_setpoint: 18 });
  assert.deepEqual([judge(values).state, judge(values).severity], ["high", "warning"]);
  assert.equal(judge(held({ temperature: 22, temperature_setpoint: 18 })).severity, "major");
  assert.equal(judge(values, { own: { deviation: 2, severity: "major" } }).state, "ok");
  assert.equal(judge(values, { own: { low: 20, severity: "major" } }).state, "low");
});

test("a setpoint of another time is no setpoint", () => {
  const values = held({ temperature: 19.5, temperature_setpoint: 18 }, { times: { temperature_setpoint: ago(172_800) } });
  assert.deepEqual([judge(values).deviation, judge(values).state], [null, "ok"]);
});

test("each value has its own age", () => {
  const values = held({ temperature: 18, temperature_setpoint: 18 }, { times: { temperature: ago(3600) } });
  assert.equal(judge(values).state, "stale");
  assert.equal(judgeCell(SITE, "C1", snapshot({ cells: { C1: values } }), NOW).state, "incomplete");
});

test("a value that never came has no data, one that was null has no value", () => {
  assert.equal(judge(undefined).state, "no_data");
  assert.equal(judge(held({ temperature: null })).state, "no_value");
});

test("an alarm comes before everything, and a cell that was never heard has no data", () => {
  const alarm = { id: 1, place: "C1", cell: "C1", code: "x", severity: "major", state: "active", since: "", text: {} };
  const cells = { C1: held({ temperature: 18, temperature_setpoint: 18 }) };
  assert.equal(judgeCell(SITE, "C1", snapshot({ cells }), NOW).state, "ok");
  assert.equal(judgeCell(SITE, "C1", snapshot({ cells, alarms: [alarm] }), NOW).state, "alarm");
  assert.equal(judgeCell(SITE, "C1", snapshot({}), NOW).state, "no_data");
});

test("who said long ago that he is online is silent", () => {
  assert.equal(judgePresence(SITE, { state: "online", since: "", at: ago(10) }, NOW), "online");
  assert.equal(judgePresence(SITE, { state: "online", since: "", at: ago(1000) }, NOW), "silent");
  assert.equal(judgePresence(SITE, undefined, NOW), "unknown");
});

test("a cell that sends nothing counts as silent, a value that is away as missing", () => {
  const found = judgeExperiment(SITE, [["ok", "high"], ["stale", "no_data"], ["ok", "no_value"]]);
  assert.deepEqual(found, { outside: 1, missing: 1, silent: 1, within: 2 });
});

test("the needle stays on its gauge", () => {
  assert.deepEqual([-10, -1, 0, 1, 10].map((deviation) => gaugePlace(deviation, 1)), [-49, -27, -2, 23, 45]);
  assert.equal(gaugePlace(null, null), -2);
});
