// Arrow keys move between the bars: along a cell's line, and to the bar of the next line that lies nearest.
const chart = document.querySelector("[data-occupancy]");
const rows = [...chart.querySelectorAll("[data-row]")].map((row) => [...row.querySelectorAll("[data-bar]")]).filter((bars) => bars.length);
const middle = (bar) => { const box = bar.getBoundingClientRect(); return box.left + box.width / 2; };

function nearest(bars, from) {
  return bars.reduce((best, bar) => (Math.abs(middle(bar) - middle(from)) < Math.abs(middle(best) - middle(from)) ? bar : best));
}

chart.addEventListener("keydown", (event) => {
  const bar = event.target.closest("[data-bar]");
  const row = rows.findIndex((bars) => bars.includes(bar));
  if (row < 0) return;
  const place = rows[row].indexOf(bar);
  const next = {
    ArrowLeft: () => rows[row][place - 1],
    ArrowRight: () => rows[row][place + 1],
    ArrowUp: () => rows[row - 1] && nearest(rows[row - 1], bar),
    ArrowDown: () => rows[row + 1] && nearest(rows[row + 1], bar),
  }[event.key]?.();
  if (next) { event.preventDefault(); next.focus(); }
});
