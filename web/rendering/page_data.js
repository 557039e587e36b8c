// What the server put into the page as JSON. A page without live values knows no cells, units or parameters.

/** @import { Site, Snapshot, Texts } from "./types" */

/** @param {string} id */
function read(id) {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent ?? "") : null;
}

/** @type {Site} */
export const site = read("site") ?? {
  zone: "UTC", stale_periods: 0, presence_seconds: 0, clock_skew: 0, silent_states: [], missing_states: [], abnormal_states: [],
  cells: {}, units: {}, parameters: {},
};
/** @type {Texts} */
export const texts = read("texts") ?? {};
/** @type {{sprite: string}} */
export const assets = read("assets") ?? { sprite: "" };
/** @type {Snapshot | null} */
export const firstSnapshot = read("snapshot");
