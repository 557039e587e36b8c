// The wall's two clocks, and the grey that says "this is no longer now".
import { clock } from "../rendering/formats.js";
import * as live from "../live/live.js";
import { site } from "../rendering/page_data.js";
import { isAhead, judgeCell } from "../rendering/states.js";

const periods = Object.values(site.cells).map((cell) => cell.period);
const DEAD_AFTER = Math.max(60_000, site.stale_periods * Math.min(...periods) * 1000);
const clockNode = document.querySelector("[data-clock]");
const lastNode = document.querySelector("[data-last]");

function newest() {
  const now = live.now();
  return Math.max(...Object.keys(site.cells).map((cell) => judgeCell(site, cell, live.state, now)).filter(({ age }) => age !== null && !isAhead(site, age)).map(({ observed }) => observed), -Infinity);
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
