// Are the values of an experiment within its own limits? The rules of web/experiments/verdict.py. Pure.
import { fill } from "../rendering/formats.js";

/** @import { Texts } from "../rendering/types" */

/** @typedef {{state: string, values: string[]}} Row the state of a cell and of its values */
/** @typedef {{outside: number, within: number, silent: number}} Counts values outside and within, cells without */
/** @typedef {"out" | "silent" | "ok" | "none"} Verdict */

const SILENT = new Set(["offline", "nodata", "stale"]);
const OUTSIDE = new Set(["high", "low", "suspect"]);

/**
 * @param {Row[]} rows
 * @returns {Counts}
 */
export function count(rows) {
  const values = rows.filter((row) => !SILENT.has(row.state)).flatMap((row) => row.values);
  return {
    outside: values.filter((value) => OUTSIDE.has(value)).length,
    within: values.filter((value) => value === "ok").length,
    silent: rows.filter((row) => SILENT.has(row.state)).length,
  };
}

/**
 * @param {Counts} counts
 * @returns {Verdict}
 */
export function verdictOf({ outside, within, silent }) {
  if (outside) return "out";
  if (silent) return "silent";
  return within ? "ok" : "none";
}

/**
 * @param {Counts} counts
 * @param {Texts} texts
 */
export function verdictText({ outside, within, silent }, texts) {
  const sentences = [];
  if (outside) sentences.push(outside === 1 ? texts.out_one : fill(texts.out_several, { n: outside }));
  else if (within) sentences.push(texts.all_within);
  if (silent) sentences.push(silent === 1 ? texts.silent_one : fill(texts.silent_several, { n: silent }));
  return sentences.join(" ") || texts.no_verdict;
}
