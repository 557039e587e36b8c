import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "../page_data.js";

openPage("en");
const { verdictOf, verdictText } = await import("../../../web/experiments/verdict_rules.js");
const texts = /** @type {any} */ ({
  out_one: "one out", out_several: "{n} out", all_within: "all within", silent_one: "one silent", silent_several: "{n} silent", no_verdict: "nothing",
  others_within: "others within", missing_one: "one missing", missing_several: "{n} missing",
});

const NOTHING = { outside: 0, missing: 0, silent: 0, within: 0 };

test("what is out of limits comes before what is missing or silent", () => {
  assert.equal(verdictOf({ outside: 1, missing: 1, silent: 1, within: 3 }), "out");
  assert.equal(verdictOf({ ...NOTHING, silent: 1, within: 3 }), "silent");
  assert.equal(verdictOf({ ...NOTHING, missing: 1, within: 3 }), "silent");
  assert.equal(verdictOf({ ...NOTHING, within: 3 }), "ok");
  assert.equal(verdictOf(NOTHING), "none");
});

test("the text says one or several, and all that holds", () => {
  assert.equal(verdictText({ outside: 2, missing: 1, silent: 1, within: 3 }, texts), "2 out one missing one silent");
  assert.equal(verdictText({ ...NOTHING, silent: 2, within: 3 }, texts), "all within 2 silent");
  assert.equal(verdictText({ ...NOTHING, missing: 3, within: 3 }, texts), "others within 3 missing");
  assert.equal(verdictText(NOTHING, texts), "nothing");
});
