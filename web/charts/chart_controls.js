// What charts share: which period they show, live or past, the buttons for it, loading with a second try, the table.
import { find, findAll } from "../rendering/elements.js";
import { fill } from "../rendering/formats.js";
import { texts } from "../rendering/page_data.js";
import { HistoryFault } from "./history.js";
import { clamped, MOVES, moved } from "./ranges.js";

/** @import { Range } from "../rendering/types" */

const RETRY_MS = 10_000;
// A hand that drags asks for many ranges: only the one at which it rests is loaded.
const REST_MS = 120;

/**
 * @typedef {object} Chart
 * @property {number} shortest range
 * @property {number} longest range
 * @property {(period: string) => Range | null} rangeOf the range of a period's button, now; null: `load` finds it
 * @property {(points: number, signal: AbortSignal) => Promise<void>} load
 * @property {() => void} draw
 * @property {() => void} writeTable
 */

/** @param {string | undefined} name */
const isMove = (name) => name !== undefined && name in MOVES;

export class ChartControls {
  /** @type {Range} */
  range = { from: 0, to: 0 };
  /** @type {string | null} the button's name; null for a range that a person chose, which does not follow the clock */
  period = null;

  #chart;
  #plot = find("[data-plot]", HTMLElement);
  #table = find("[data-numbers]", HTMLDetailsElement);
  #periods = findAll("[data-range]", HTMLElement);
  /** @type {AbortController | undefined} */
  #loading;
  /** @type {number | undefined} */
  #timer;

  /** @param {Chart} chart */
  constructor(chart) {
    this.#chart = chart;
    for (const button of this.#periods) {
      button.addEventListener("click", () => { this.choosePeriod(button.dataset.range ?? null); this.load(); });
    }
    for (const button of findAll("[data-move]", HTMLElement)) {
      const { move } = button.dataset;
      if (isMove(move)) button.addEventListener("click", () => this.goTo(moved(this.range, /** @type {keyof typeof MOVES} */ (move))));
    }
    this.#table.addEventListener("toggle", () => this.refreshTable());
  }

  /** @param {string | null} name */
  choosePeriod(name) {
    this.period = name;
    for (const button of this.#periods) button.setAttribute("aria-pressed", String(button.dataset.range === name));
    if (name !== null) this.range = this.#chart.rangeOf(name) ?? this.range;
  }

  /** @param {Range} range that a person chose */
  goTo(range) {
    this.choosePeriod(null);
    this.range = clamped(range, this.#chart.shortest, this.#chart.longest);
    this.#chart.draw();
    this.loadSoon();
  }

  loadSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.load(), REST_MS);
  }

  async load() {
    clearTimeout(this.#timer);
    this.#loading?.abort();
    const loading = new AbortController();
    this.#loading = loading;
    this.#plot.dataset.busy = "";
    if (this.period !== null) this.choosePeriod(this.period);
    try {
      await this.#chart.load(Math.max(200, Math.min(1600, this.#plot.clientWidth - 60)), loading.signal);
      this.#chart.draw();
    } catch (error) {
      if (loading.signal.aborted) return;
      if (!(error instanceof HistoryFault)) throw error;
      this.#showFault(error);
    } finally {
      if (this.#loading === loading) delete this.#plot.dataset.busy;
    }
  }

  /** @param {HistoryFault} fault */
  #showFault(fault) {
    const summary = find("[data-summary]", HTMLElement);
    if (fault.status === 401 || fault.status === 403) {
      const href = `/login?next=${encodeURIComponent(location.pathname)}`;
      summary.replaceChildren(`${texts.chart_login} `, Object.assign(document.createElement("a"), { href, textContent: texts.log_in }));
      return;
    }
    summary.textContent = fill(texts.chart_failed, { seconds: RETRY_MS / 1000 });
    this.#timer = setTimeout(() => this.load(), RETRY_MS);
  }

  /** Write the table of values anew, while it is open. */
  refreshTable() {
    if (this.#table.open) this.#chart.writeTable();
  }
}

/**
 * @param {string[]} head
 * @param {string[][]} rows each begins with the row's name
 */
export function fillTable(head, rows) {
  const table = find("[data-numbers] table", HTMLTableElement);
  /** @param {string} textContent @param {"col" | "row"} scope */
  const heading = (textContent, scope) => Object.assign(document.createElement("th"), { textContent, scope });
  const headRow = document.createElement("tr");
  headRow.append(...head.map((text) => heading(text, "col")));
  table.tHead?.replaceChildren(headRow);
  table.tBodies[0].replaceChildren(...rows.map(([name, ...values]) => {
    const row = document.createElement("tr");
    row.append(heading(name, "row"), ...values.map((textContent) => Object.assign(document.createElement("td"), { textContent })));
    return row;
  }));
}
