// What the cell holds, kept current; a form on the page goes on saying what it will end, and the server checks it.
import { fill, shortMoment } from "../rendering/formats.js";
import { now, onChange, state } from "../live/live.js";
import { find } from "../rendering/elements.js";
import { texts } from "../rendering/page_data.js";

/** @import { Changes, CellExperiment } from "../rendering/types" */

const root = find("[data-holds]", HTMLElement);
const cell = root.dataset.holds ?? "";
/** @param {string} name */
const part = (name) => find(`[data-${name}]`, HTMLElement, root);
const since = find("[data-held-since]", HTMLTimeElement, root);
const DAY = 86_400_000;
// As the server rendered it, from the database: the first snapshot may lag behind that for a moment.
let snapshots = 0;
const shown = part("held-line").hidden ? null : key(part("held-code").textContent ?? "", since.dateTime);

/**
 * @param {string} code
 * @param {string} startedAt
 */
function key(code, startedAt) { return `${code} ${Date.parse(startedAt)}`; }

/** @param {Changes | null} [changed] without it time alone has passed */
function update(changed) {
  const held = state.experiments[cell];
  if (changed === null) snapshots += 1;
  if (changed ? changed.experiments && cell in changed.experiments : changed === null && snapshots > 1) show(held);
  if (!part("held-line").hidden) {
    const days = Math.max(0, Math.floor((now() - Date.parse(since.dateTime)) / DAY));
    part("held-day").textContent = fill(texts.day_in_cell, { n: days });
  }
}

/** @param {CellExperiment | undefined} held */
function show(held) {
  const wanted = held ? key(held.code, held.started_at) : null;
  part("held-line").hidden = !held;
  part("free-line").hidden = Boolean(held);
  if (held) {
    part("held-code").textContent = held.code;
    part("held-title").textContent = held.title;
    since.dateTime = held.started_at;
    since.textContent = shortMoment(Date.parse(held.started_at));
    root.querySelector("[data-held-link]")?.setAttribute("href", `/experiments/${held.id}`);
  }
  part("held-news").hidden = wanted === shown;
}

onChange(update);
setInterval(update, 60_000);
