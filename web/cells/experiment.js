// What the cell holds, kept current; a form on the page goes on saying what it will end, and the server checks it.
import { fill, shortMoment } from "../rendering/formats.js";
import { now, onChange, state } from "../live/live.js";
import { texts } from "../rendering/page_data.js";

const root = document.querySelector("[data-holds]");
const cell = root.dataset.holds;
const part = (name) => root.querySelector(`[data-${name}]`);
const DAY = 86_400_000;
// As the server rendered it, from the database: the first snapshot may lag behind that for a moment.
let snapshots = 0;
const shown = part("held-line").hidden ? null : key(part("held-code").textContent, part("held-since").dateTime);

function key(code, since) { return `${code} ${Date.parse(since)}`; }

function paint(changed) {
  const held = state.experiments[cell];
  if (changed === null) snapshots += 1;
  if (changed ? changed.experiments && cell in changed.experiments : changed === null && snapshots > 1) take(held);
  if (!part("held-line").hidden) {
    const days = Math.max(0, Math.floor((now() - Date.parse(part("held-since").dateTime)) / DAY));
    part("held-day").textContent = fill(texts.day_in_cell, { n: days });
  }
}

function take(held) {
  const wanted = held ? key(held.code, held.started_at) : null;
  part("held-line").hidden = !held;
  part("free-line").hidden = Boolean(held);
  if (held) {
    part("held-code").textContent = held.code;
    part("held-title").textContent = held.title;
    part("held-since").dateTime = held.started_at;
    part("held-since").textContent = shortMoment(Date.parse(held.started_at));
    if (part("held-link")) part("held-link").href = `/experiments/${held.id}`;
  }
  part("held-news").hidden = wanted === shown;
}

onChange(paint);
setInterval(paint, 60_000);
