import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "../page_data.js";

openPage("en");
const { count, verdictOf, verdictText } = await import("../../../web/experiments/verdict_rules.js");
const texts = /** @type {any} */ ({
  out_one: "one out", out_several: "{n} out", all_within: "all within", silent_one: "one silent", silent_several: "{n} silent", no_verdict: "nothing",
});

test("values of cells that send nothing do not count", () => {
  const rows = [{ state: "normal", values: ["ok", "high"] }, { state: "stale", values: ["low", "ok"] }, { state: "offline", values: [] }];
  assert.deepEqual(count(rows), { outside: 1, within: 1, silent: 2 });
});

test("what is out of limits comes before what is silent", () => {
  assert.equal(verdictOf({ outside: 1, within: 3, silent: 1 }), "out");
  assert.equal(verdictOf({ outside: 0, within: 3, silent: 1 }), "silent");
  assert.equal(verdictOf({ outside: 0, within: 3, silent: 0 }), "ok");
  assert.equal(verdictOf({ outside: 0, within: 0, silent: 0 }), "none");
});

test("the text says one or several, and both where both are", () => {
  assert.equal(verdictText({ outside: 2, within: 3, silent: 1 }, texts), "2 out one silent");
  assert.equal(verdictText({ outside: 0, within: 3, silent: 2 }, texts), "all within 2 silent");
  assert.equal(verdictText({ outside: 0, within: 0, silent: 0 }, texts), "nothing");
});
