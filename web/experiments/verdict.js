// Keeps current whether the values of an experiment are within its limits, counted from what the page shows, and
// says when its cells have changed.
import { isPaused, onChange, state } from "../live/live.js";
import { find, findAll } from "../rendering/elements.js";
import { assets, site, texts } from "../rendering/page_data.js";
import { judgeExperiment } from "../rendering/states.js";
import { verdictOf, verdictText } from "./verdict_rules.js";

const ICONS = { out: "deviation", silent: "incomplete", ok: "ok", none: "no_data" };
// What was just done here may reach the live values a moment later.
const LAG_MS = 4000;

const page = find("[data-experiment-page]", HTMLElement);
const cellsChanged = find("[data-cells-changed]", HTMLElement);
const box = document.querySelector("[data-verdict-box]");
const rows = findAll("tr[data-live-row]", HTMLElement);

/** @param {Element} shown */
function updateVerdict(shown) {
  const counts = judgeExperiment(site, rows.map(
    (row) => findAll(".measured-value[data-value-state]", HTMLElement, row).map((value) => value.dataset.valueState ?? ""),
  ));
  const verdict = verdictOf(counts);
  shown.setAttribute("data-verdict", verdict);
  find("[data-verdict-icon]", SVGUseElement, shown).setAttribute("href", `${assets.sprite}#${ICONS[verdict]}`);
  const text = find("[data-verdict-text]", HTMLElement, shown);
  const words = verdictText(counts, texts);
  if (text.textContent !== words) text.textContent = words;
}

/** @type {number | null} */
let differsSince = null;

/** Another person put it into a cell or took it out: this page says so instead of moving things under the mouse. */
function compareCells() {
  const shown = rows.map((row) => row.dataset.cell).sort().join();
  const held = Object.entries(state.experiments).filter(([, one]) => one.id === Number(page.dataset.experimentPage)).map(([cell]) => cell).sort().join();
  if (shown === held || !Object.keys(state.experiments).length) differsSince = null;
  else differsSince ??= Date.now();
  cellsChanged.hidden = differsSince === null || Date.now() - differsSince < LAG_MS;
}

function update() {
  if (box) updateVerdict(box);
  compareCells();
}
onChange(update);
setInterval(() => { if (!isPaused()) update(); }, 1000);
