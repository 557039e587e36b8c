// The wall's two clocks, and the grey that says "this is no longer now".
import { clock } from "../rendering/formats.js";
import * as live from "../live/live.js";
import { find } from "../rendering/elements.js";
import { site } from "../rendering/page_data.js";
import { isAhead, judgeCell } from "../rendering/states.js";

const periods = Object.values(site.cells).map((cell) => cell.period);
const DEAD_AFTER = Math.max(60_000, site.stale_periods * Math.min(...periods) * 1000);
const clockNode = find("[data-clock]", HTMLElement);
const lastNode = find("[data-last]", HTMLElement);

function newest() {
  const now = live.now();
  const times = Object.keys(site.cells).flatMap((cell) => {
    const { age, observed } = judgeCell(site, cell, live.state, now);
    return age === null || observed === null || isAhead(site, age) ? [] : [observed];
  });
  return Math.max(...times, -Infinity);
}

function tick() {
  clockNode.textContent = clock(live.now()).slice(0, 5);
  const last = newest();
  lastNode.textContent = Number.isFinite(last) ? clock(last) : "–";
  document.documentElement.toggleAttribute("data-dead", live.now() - last > DEAD_AFTER);
}

tick();
setInterval(tick, 1000);
live.onChange(tick);
// A new version of the pages arrives with a new day; a wall has nobody to press reload.
setTimeout(() => { if (!live.isLost()) location.reload(); }, 6 * 3600_000);
