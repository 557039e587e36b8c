// Are the values of an experiment within its own limits now? Counted from what the page shows, as web/experiments/verdict.py does.
import { fill } from "../rendering/formats.js";
import { isPaused, onChange, state } from "../live/live.js";
import { assets, site, texts } from "../rendering/page_data.js";
import { judgeExperiment } from "../rendering/states.js";

const part = (name) => document.querySelector(`[data-${name}]`);

function verdict() {
  const box = part("verdict-box");
  if (!box) return;
  const rows = [...document.querySelectorAll("tr[data-live-row]")];
  const { outside, missing, silent, within } = judgeExperiment(site, rows.map(
    (row) => [...row.querySelectorAll(".figure[data-value-state]")].map((value) => value.dataset.valueState),
  ));
  const said = [];
  if (outside) said.push(outside === 1 ? texts.out_one : fill(texts.out_several, { n: outside }));
  else if (within) said.push(missing ? texts.others_within : texts.all_within);
  if (missing) said.push(missing === 1 ? texts.missing_one : fill(texts.missing_several, { n: missing }));
  if (silent) said.push(silent === 1 ? texts.silent_one : fill(texts.silent_several, { n: silent }));
  const kind = outside ? "out" : silent || missing ? "silent" : within ? "ok" : "none";
  box.dataset.verdict = kind;
  part("verdict-icon").setAttribute("href", `${assets.sprite}#${{ out: "deviation", silent: "incomplete", ok: "ok", none: "no_data" }[kind]}`);
  const words = said.join(" ") || texts.no_verdict;
  if (part("verdict-words").textContent !== words) part("verdict-words").textContent = words;
}

// Another person put it into a cell or took it out: this page says so instead of moving things under the mouse.
const page = part("experiment-page");
let differs = null;
function compareCells() {
  const shown = [...document.querySelectorAll("tr[data-live-row]")].map((row) => row.dataset.cell).sort().join();
  const held = Object.entries(state.experiments).filter(([, one]) => one.id === Number(page.dataset.experimentPage)).map(([cell]) => cell).sort().join();
  if (shown === held || !Object.keys(state.experiments).length) differs = null;
  else differs ??= Date.now();
  // What was just done here may reach the live values a moment later.
  part("cells-changed").hidden = differs === null || Date.now() - differs < 4000;
}

function look() { verdict(); compareCells(); }
onChange(look);
setInterval(() => { if (!isPaused()) look(); }, 1000);
