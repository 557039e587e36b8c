// The site as a picture: arrow keys move between cells by where they stand; a small card shows a cell's values.
import { flagText, language, sinceText, valueText } from "../rendering/formats.js";
import { now, onChange, state } from "../live/live.js";
import { closest, find, findAll } from "../rendering/elements.js";
import { site, texts } from "../rendering/page_data.js";
import { judgeCell } from "../rendering/states.js";

/** @import { ValueVerdict } from "../rendering/types" */

const card = find("[data-cell-card]", HTMLElement);
/** @param {string} name */
const part = (name) => find(`[data-card-${name}]`, HTMLElement, card);
/** @type {SVGElement | null} */
let shown = null;

/**
 * @param {string} code
 * @param {ValueVerdict} verdict
 */
function row(code, verdict) {
  const parameter = site.parameters[code];
  const name = document.createElement("dt");
  const value = document.createElement("dd");
  name.textContent = parameter[language];
  value.textContent = [valueText(verdict.value, parameter), parameter.unit, flagText(verdict)].filter(Boolean).join(" ");
  return [name, value];
}

function update() {
  if (!shown) return;
  const { cell = "" } = shown.dataset;
  const { state: word, age, values } = judgeCell(site, cell, state, now());
  const codes = site.cells[cell].parameters.filter((code) => {
    const parameter = site.parameters[code];
    return parameter.main || (parameter.setpoint_of && site.parameters[parameter.setpoint_of].main) || parameter.kind === "state";
  });
  part("cell").textContent = cell;
  part("state").textContent = texts.states[word];
  part("values").replaceChildren(...codes.flatMap((code) => row(code, values[code])));
  part("experiment").textContent = state.experiments[cell]?.code ?? texts.free;
  part("age").textContent = sinceText(age);
}

/** @param {SVGElement} chamber */
function show(chamber) {
  shown = chamber;
  update();
  card.hidden = false;
  const box = chamber.getBoundingClientRect();
  const { width, height } = card.getBoundingClientRect();
  const right = box.right + 12 + width < innerWidth;
  const left = right ? box.right + 12 : Math.max(8, box.left - width - 12);
  card.style.left = `${left}px`;
  card.style.top = `${Math.max(8, Math.min(innerHeight - height - 8, box.top))}px`;
}

function hide() { shown = null; card.hidden = true; }

/**
 * The next cell in a direction: near, and rather ahead than aside.
 * @param {HTMLElement} scene
 * @param {SVGElement} from
 * @param {[number, number]} direction
 */
function neighbour(scene, from, [dx, dy]) {
  /**
   * @param {SVGElement} chamber
   * @returns {[number, number]}
   */
  const place = (chamber) => [Number(chamber.dataset.x), Number(chamber.dataset.y)];
  const [x, y] = place(from);
  /** @type {{other: SVGElement, cost: number} | null} */
  let best = null;
  for (const other of findAll(".chamber", SVGElement, scene)) {
    const [ox, oy] = place(other);
    const ahead = (ox - x) * dx + (oy - y) * dy;
    const aside = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
    if (other === from || ahead <= 1) continue;
    const cost = ahead + 2.5 * aside;
    if (!best || cost < best.cost) best = { other, cost };
  }
  return best?.other;
}

/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

for (const scene of findAll("[data-scene]", HTMLElement)) {
  scene.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return hide();
    const chamber = closest(event, ".chamber", SVGElement);
    if (!chamber || !(event.key in ARROWS)) return undefined;
    const next = neighbour(scene, chamber, ARROWS[event.key]);
    if (next) { event.preventDefault(); next.focus(); }
    return undefined;
  });
  scene.addEventListener("pointerover", (event) => {
    const chamber = closest(event, ".chamber", SVGElement);
    if (chamber && event.pointerType === "mouse" && chamber !== shown) show(chamber);
  });
  scene.addEventListener("pointerleave", hide);
  scene.addEventListener("focusin", (event) => { const chamber = closest(event, ".chamber", SVGElement); if (chamber?.matches(":focus-visible")) show(chamber); });
  scene.addEventListener("focusout", hide);
}
addEventListener("scroll", hide, { passive: true });
onChange(update);
