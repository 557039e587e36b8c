// What the server put into the page as JSON. A page without live values knows no cells, units or parameters.

/** @import { LimitsByParameter, Site, Snapshot, Texts } from "./types" */

/** @param {string} id */
function read(id) {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent ?? "") : null;
}

/** @type {Site} */
export const site = read("site") ?? { zone: "UTC", stale_periods: 0, cells: {}, units: {}, parameters: {} };
/** @type {Texts} */
export const texts = read("texts") ?? {};
/** @type {{sprite: string}} */
export const assets = read("assets") ?? { sprite: "" };
/** @type {LimitsByParameter | null} */
// What an experiment asks of its values, in place of the station's tolerances.
export const limits = read("limits");
/** @type {Snapshot | null} */
export const firstSnapshot = read("snapshot");
