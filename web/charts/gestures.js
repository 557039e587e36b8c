// uPlot knows the mouse alone. `current` gives {plot, range}; what fingers and wheel wish comes back as a range.
// One finger moves, two fingers zoom, the wheel zooms with Ctrl (the bare wheel scrolls the page).
export function addGestures(element, current, onRange) {
  const fingers = new Map();
  let start = null;
  const seconds = (plot, clientX) => plot.posToVal(clientX - plot.over.getBoundingClientRect().left, "x") * 1000;
  const spread = () => { const [a, b] = [...fingers.values()]; return { middle: (a + b) / 2, width: Math.max(20, Math.abs(a - b)) }; };

  function begin() {
    const now = current();
    start = now && { range: now.range, plot: now.plot, x: [...fingers.values()][0], ...(fingers.size === 2 ? spread() : {}) };
    if (start && fingers.size === 2) start.anchor = seconds(start.plot, start.middle);
  }
  element.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch") return;
    fingers.set(event.pointerId, event.clientX);
    begin();
  });
  element.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId) || !start) return;
    fingers.set(event.pointerId, event.clientX);
    const length = start.range.to - start.range.from;
    if (fingers.size === 2) {
      const factor = start.width / spread().width;
      const left = (start.anchor - start.range.from) * factor;
      onRange(start.anchor - left, start.anchor - left + length * factor, true);
    } else if (fingers.size === 1) {
      const shift = ((start.x - event.clientX) / start.plot.over.clientWidth) * length;
      if (Math.abs(start.x - event.clientX) > 5) onRange(start.range.from + shift, start.range.to + shift, true);
    }
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
    element.addEventListener(end, (event) => { if (fingers.delete(event.pointerId)) { if (fingers.size) begin(); else start = null; } });
  }
  element.addEventListener("wheel", (event) => {
    const now = current();
    if (!now || !(event.ctrlKey || event.shiftKey)) return;
    event.preventDefault();
    const factor = Math.exp((event.deltaY || event.deltaX) * 0.0016);
    const anchor = seconds(now.plot, event.clientX);
    onRange(anchor - (anchor - now.range.from) * factor, anchor + (now.range.to - anchor) * factor, true);
  }, { passive: false });
}
