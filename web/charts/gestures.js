// uPlot knows the mouse alone: one finger moves, two fingers zoom, the wheel zooms with Ctrl (the bare wheel scrolls
// the page). What they ask for comes back as a range of the plot's axis.
import { shifted, zoomed } from "./ranges.js";

/**
 * @import uPlot from "../static/vendor/uplot/uPlot.js"
 * @import { Range } from "../rendering/types"
 */

/** @typedef {{plot: uPlot, range: Range}} Shown */

// Fingers closer than this, in pixels, would zoom by leaps.
const CLOSEST_FINGERS = 20;
// Less than this is a tap.
const SHORTEST_DRAG = 5;

/**
 * @param {HTMLElement} element
 * @param {() => Shown | null} current
 * @param {(range: Range) => void} onRange
 */
export function addGestures(element, current, onRange) {
  /** @type {Map<number, number>} */
  const fingers = new Map();
  /** @type {{shown: Shown, x: number, spread: number, anchor: number} | null} */
  let start = null;

  /**
   * @param {uPlot} plot
   * @param {number} clientX
   */
  const valueAt = (plot, clientX) => plot.posToVal(clientX - plot.over.getBoundingClientRect().left, "x");

  /** The middle of the fingers and their distance, which is 0 for one finger. */
  function touch() {
    const places = [...fingers.values()];
    const [left, right] = [Math.min(...places), Math.max(...places)];
    return { x: (left + right) / 2, spread: places.length === 2 ? Math.max(CLOSEST_FINGERS, right - left) : 0 };
  }

  function begin() {
    const shown = current();
    if (!shown || !fingers.size) { start = null; return; }
    const { x, spread } = touch();
    start = { shown, x, spread, anchor: valueAt(shown.plot, x) };
  }

  element.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch") return;
    fingers.set(event.pointerId, event.clientX);
    begin();
  });
  element.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId) || !start) return;
    fingers.set(event.pointerId, event.clientX);
    const { plot, range } = start.shown;
    const { x, spread } = touch();
    if (fingers.size === 2) {
      onRange(zoomed(range, start.anchor, start.spread / spread));
    } else if (fingers.size === 1 && Math.abs(start.x - x) > SHORTEST_DRAG) {
      onRange(shifted(range, ((start.x - x) / plot.over.clientWidth) * (range.to - range.from)));
    }
  });
  for (const end of /** @type {const} */ (["pointerup", "pointercancel", "pointerleave"])) {
    element.addEventListener(end, (event) => { if (fingers.delete(event.pointerId)) begin(); });
  }
  element.addEventListener("wheel", (event) => {
    const shown = current();
    if (!shown || !(event.ctrlKey || event.shiftKey)) return;
    event.preventDefault();
    onRange(zoomed(shown.range, valueAt(shown.plot, event.clientX), Math.exp((event.deltaY || event.deltaX) * 0.0016)));
  }, { passive: false });
}
