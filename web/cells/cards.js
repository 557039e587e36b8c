// Finding a cell: filters hide cards, they never move them.
import { onChange, state } from "../live/live.js";
import { site } from "../rendering/page_data.js";
import { language } from "../rendering/formats.js";

const form = document.querySelector("[data-filters]");
const nothing = document.querySelector("[data-nothing]");
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function apply() {
  const wanted = new FormData(form);
  const query = plain(wanted.get("q").trim());
  let any = false;
  for (const unit of document.querySelectorAll("[data-unit]")) {
    let shown = false;
    for (const card of unit.querySelectorAll("[data-cell]")) {
      const experiment = state.experiments[card.dataset.cell];
      const words = plain([card.dataset.cell, site.units[unit.dataset.unit][language], experiment?.code ?? "", experiment?.title ?? ""].join(" "));
      const matches = (!wanted.get("unit") || wanted.get("unit") === unit.dataset.unit)
        && words.includes(query) && (!wanted.get("abnormal") || card.dataset.state !== "ok");
      card.hidden = !matches;
      shown ||= matches;
    }
    unit.hidden = !shown;
    any ||= shown;
  }
  nothing.hidden = any;
}

form.hidden = false;
form.addEventListener("input", apply);
form.addEventListener("submit", (event) => event.preventDefault());
onChange(() => { if (new FormData(form).get("abnormal")) apply(); });
addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.matches("input, textarea, select")) { event.preventDefault(); form.elements.q.focus(); }
});
apply();
