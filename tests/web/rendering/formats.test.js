import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage, SITE } from "../page_data.js";

openPage("en");
const { ageText, fill, flagText, NO_VALUE, moment, number, sinceText, toInstant, valueText } = await import("../../../web/rendering/formats.js");

test("numbers have their decimals, and no value is a dash", () => {
  assert.equal(number(1234.56, 1), "1,234.6");
  assert.equal(number(-0.04, 1), "0.0");
  assert.equal(number(0.5, 1, true), "+0.5");
  assert.equal(number(0, 1, true), "0.0");
  assert.equal(number(undefined, 1), NO_VALUE);
});

test("a state is a word, an unknown one its number", () => {
  assert.equal(valueText(1, SITE.parameters.door), "open");
  assert.equal(valueText(7, SITE.parameters.door), "7");
  assert.equal(valueText(null, SITE.parameters.door), NO_VALUE);
});

test("ages change their unit where they do on the server", () => {
  assert.deepEqual([0, 59.9, 60, 3599, 3600, 172_799, 172_800].map(ageText), ["0 s", "59 s", "1 min", "59 min", "1 h", "47 h", "2 d"]);
  assert.equal(ageText(null), NO_VALUE);
});

test("times are the site's, wherever this computer is", () => {
  assert.equal(moment(Date.UTC(2026, 6, 1, 22, 30)), "02/07/2026 00:30:00");
});

test("a typed time is the site's clock, in summer and in winter", () => {
  assert.equal(toInstant("2026-07-02T00:30"), Date.UTC(2026, 6, 1, 22, 30));
  assert.equal(toInstant("2026-01-02T00:30"), Date.UTC(2026, 0, 1, 23, 30));
});

test("around the change of the clock a typed time is still one instant", () => {
  assert.equal(toInstant("2026-03-29T01:59"), Date.UTC(2026, 2, 29, 0, 59));
  assert.equal(toInstant("2026-03-29T03:00"), Date.UTC(2026, 2, 29, 1, 0));
  assert.equal(toInstant("2026-10-25T03:00"), Date.UTC(2026, 9, 25, 2, 0));
});

test("a time that was not typed is no instant, and no error either", () => {
  assert.ok(Number.isNaN(toInstant("")));
});

test("places of a text are filled, unknown ones stay", () => {
  assert.equal(fill("{n} of {total}, {other}", { n: 0, total: "3" }), "0 of 3, {other}");
});

test("what lies ahead of the clock is said to", () => {
  assert.deepEqual([5, -5, -600, null].map(sinceText), ["5 s ago", "0 s ago", "10 min ahead", "never"]);
});

test("a stale value tells its age", () => {
  assert.equal(flagText(/** @type {any} */ ({ state: "stale", age: 7300 })), "stale · 2 h");
  assert.equal(flagText(/** @type {any} */ ({ state: "high", age: 1 })), "high");
});
