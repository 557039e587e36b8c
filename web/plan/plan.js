// The picture's manners: arrows move between cells by where they stand; a small card shows what a cell holds.
import { flagText, language, sinceText, valueText } from "../rendering/formats.js";
import { now, onChange, state } from "../live/live.js";
import { site, texts } from "../rendering/page_data.js";
import { judgeCell } from "../rendering/states.js";

const peek = document.querySelector("[data-peek]");
const part = (name) => peek.querySelector(`[data-peek-${name}]`);
let shown = null;

function row(code, verdict) {
  const parameter = site.parameters[code];
  const name = document.createElement("dt");
  const value = document.createElement("dd");
  name.textContent = parameter[language];
  value.textContent = [valueText(verdict.value, parameter), parameter.unit, flagText(verdict)].filter(Boolean).join(" ");
  return [name, value];
}

function paint() {
  if (!shown) return;
  const cell = shown.dataset.cell;
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

function show(chamber) {
  shown = chamber;
  paint();
  peek.hidden = false;
  const box = chamber.getBoundingClientRect();
  const card = peek.getBoundingClientRect();
  const right = box.right + 12 + card.width < innerWidth;
  const left = right ? box.right + 12 : Math.max(8, box.left - card.width - 12);
  peek.style.left = `${left}px`;
  peek.style.top = `${Math.max(8, Math.min(innerHeight - card.height - 8, box.top))}px`;
}

function hide() { shown = null; peek.hidden = true; }

// The next cell in a direction: near, and rather ahead than aside.
function neighbour(from, dx, dy) {
  const place = (chamber) => [Number(chamber.dataset.x), Number(chamber.dataset.y)];
  const [x, y] = place(from);
  let best = null;
  for (const other of from.closest("[data-scene]").querySelectorAll(".chamber")) {
    const [ox, oy] = place(other);
    const ahead = (ox - x) * dx + (oy - y) * dy;
    const aside = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
    if (other === from || ahead <= 1) continue;
    const cost = ahead + 2.5 * aside;
    if (!best || cost < best.cost) best = { other, cost };
  }
  return best?.other;
}

const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

for (const scene of document.querySelectorAll("[data-scene]")) {
  scene.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return hide();
    const chamber = event.target.closest(".chamber");
    if (!chamber || !(event.key in ARROWS)) return undefined;
    const next = neighbour(chamber, ...ARROWS[event.key]);
    if (next) { event.preventDefault(); next.focus(); }
    return undefined;
  });
  scene.addEventListener("pointerover", (event) => {
    const chamber = event.target.closest(".chamber");
    if (chamber && event.pointerType === "mouse" && chamber !== shown) show(chamber);
  });
  scene.addEventListener("pointerleave", hide);
  scene.addEventListener("focusin", (event) => { const chamber = event.target.closest(".chamber"); if (chamber?.matches(":focus-visible")) show(chamber); });
  scene.addEventListener("focusout", hide);
}
addEventListener("scroll", hide, { passive: true });
onChange(paint);
