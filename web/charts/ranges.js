// What buttons, wheel and fingers make of the range that a chart shows. Pure: any unit of time will do.

/** @import { Range } from "../rendering/types" */

/** By how much of their distance the two ends move. */
export const MOVES = { earlier: [-0.5, -0.5], later: [0.5, 0.5], in: [0.25, -0.25], out: [-0.5, 0.5] };

/**
 * @param {Range} range
 * @param {keyof typeof MOVES} move
 * @returns {Range}
 */
export function moved({ from, to }, move) {
  const [left, right] = MOVES[move];
  return { from: from + left * (to - from), to: to + right * (to - from) };
}

/**
 * @param {Range} range
 * @param {number} by
 * @returns {Range}
 */
export function shifted({ from, to }, by) {
  return { from: from + by, to: to + by };
}

/**
 * @param {Range} range
 * @param {number} anchor what stays in its place
 * @param {number} factor of the new length to the old one
 * @returns {Range}
 */
export function zoomed({ from, to }, anchor, factor) {
  return { from: anchor - (anchor - from) * factor, to: anchor + (to - anchor) * factor };
}

/**
 * Lengthen or shorten a range around its middle.
 * @param {Range} range
 * @param {number} shortest
 * @param {number} longest
 * @returns {Range}
 */
export function clamped({ from, to }, shortest, longest) {
  const middle = (from + to) / 2;
  const half = Math.min(longest, Math.max(shortest, to - from)) / 2;
  return { from: middle - half, to: middle + half };
}
