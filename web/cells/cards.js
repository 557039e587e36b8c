// Finding a cell: filters hide cards, they never move them.
import { onChange, state } from "../live/live.js";
import { site } from "../rendering/page_data.js";
import { language } from "../rendering/formats.js";
import { closest, find, findAll } from "../rendering/elements.js";

const form = find("[data-filters]", HTMLFormElement);
const noMatch = find("[data-no-match]", HTMLElement);
const search = find("input[name=q]", HTMLInputElement, form);

/** @param {string} text */
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function apply() {
  const wanted = new FormData(form);
  const query = plain(search.value.trim());
  let any = false;
  for (const unit of findAll("[data-unit]", HTMLElement)) {
    const { unit: code = "" } = unit.dataset;
    let shown = false;
    for (const card of findAll("[data-cell]", HTMLElement, unit)) {
      const { cell = "" } = card.dataset;
      const experiment = state.experiments[cell];
      const text = plain([cell, site.units[code][language], experiment?.code ?? "", experiment?.title ?? ""].join(" "));
      const matches = (!wanted.get("unit") || wanted.get("unit") === code)
        && text.includes(query) && (!wanted.get("abnormal") || card.dataset.state !== "ok");
      card.hidden = !matches;
      shown ||= matches;
    }
    unit.hidden = !shown;
    any ||= shown;
  }
  noMatch.hidden = any;
}

form.hidden = false;
form.addEventListener("input", apply);
form.addEventListener("submit", (event) => event.preventDefault());
onChange(() => { if (new FormData(form).get("abnormal")) apply(); });
addEventListener("keydown", (event) => {
  if (event.key === "/" && !closest(event, "input, textarea, select", HTMLElement)) { event.preventDefault(); search.focus(); }
});
apply();
