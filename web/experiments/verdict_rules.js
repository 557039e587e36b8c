// Whether an experiment's values are within its limits, as web/experiments/verdict.py writes it. Pure.
import { fill } from "../rendering/formats.js";

/** @import { Texts } from "../rendering/types" */

/** @typedef {{outside: number, missing: number, silent: number, within: number}} Counts values; `silent` cells */
/** @typedef {"out" | "silent" | "ok" | "none"} Verdict */

/**
 * @param {Counts} counts
 * @returns {Verdict}
 */
export function verdictOf({ outside, missing, silent, within }) {
  if (outside) return "out";
  if (silent || missing) return "silent";
  return within ? "ok" : "none";
}

/**
 * @param {Counts} counts
 * @param {Texts} texts
 */
export function verdictText({ outside, missing, silent, within }, texts) {
  const sentences = [];
  if (outside) sentences.push(outside === 1 ? texts.out_one : fill(texts.out_several, { n: outside }));
  else if (within) sentences.push(missing ? texts.others_within : texts.all_within);
  if (missing) sentences.push(missing === 1 ? texts.missing_one : fill(texts.missing_several, { n: missing }));
  if (silent) sentences.push(silent === 1 ? texts.silent_one : fill(texts.silent_several, { n: silent }));
  return sentences.join(" ") || texts.no_verdict;
}
