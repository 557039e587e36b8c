// Arrow keys move between the bars: along a cell's line, and to the bar of the next line that lies nearest.
import { closest, find, findAll } from "../rendering/elements.js";

const chart = find("[data-occupancy]", HTMLElement);
const rows = findAll("[data-row]", HTMLElement, chart).map((row) => findAll("[data-bar]", SVGElement, row)).filter((bars) => bars.length);

/** @param {Element} bar */
function middle(bar) {
  const box = bar.getBoundingClientRect();
  return box.left + box.width / 2;
}

/**
 * @param {SVGElement[] | undefined} bars
 * @param {Element} from
 */
function nearest(bars, from) {
  return bars?.reduce((best, bar) => (Math.abs(middle(bar) - middle(from)) < Math.abs(middle(best) - middle(from)) ? bar : best));
}

/**
 * @param {string} key
 * @param {SVGElement} bar
 */
function neighbour(key, bar) {
  const row = rows.findIndex((bars) => bars.includes(bar));
  if (row < 0) return undefined;
  const place = rows[row].indexOf(bar);
  switch (key) {
    case "ArrowLeft": return rows[row][place - 1];
    case "ArrowRight": return rows[row][place + 1];
    case "ArrowUp": return nearest(rows[row - 1], bar);
    case "ArrowDown": return nearest(rows[row + 1], bar);
    default: return undefined;
  }
}

chart.addEventListener("keydown", (event) => {
  const bar = closest(event, "[data-bar]", SVGElement);
  const next = bar && neighbour(event.key, bar);
  if (next) { event.preventDefault(); next.focus(); }
});
