// One stream a page: a snapshot, then what changed. It heals by itself, says when it cannot, and rests when hidden.
import { firstSnapshot, texts } from "../rendering/page_data.js";
import { clock, fill } from "../rendering/formats.js";

// Ages are counted on the server's clock: this computer's may be wrong.
let offset = firstSnapshot ? Date.parse(firstSnapshot.now) - Date.now() : 0;
export const now = () => Date.now() + offset;
export const state = firstSnapshot ?? { cells: {}, units: {}, services: {}, alarms: [], experiments: {} };

const listeners = new Set();
let source = null;
let lostAt = null;
let lastNews = Date.now();
let wait = 1000;
let retry = null;
let paused = false;
export let heardAt = null;

const SILENCE = 60_000;
const LONGEST_WAIT = 10_000;
const banner = document.getElementById("connection");

// `changed` is null for "everything", else {cells: Set, alarms: bool, …} of what a delta held.
export function onChange(listener) { listeners.add(listener); }
function tell(changed) { for (const listener of listeners) listener(changed); }
export const isPaused = () => paused;
export const isLost = () => lostAt !== null;

function takeSnapshot(content) {
  offset = Date.parse(content.now) - Date.now();
  Object.assign(state, content);
  tell(null);
}

function takeDelta(content) {
  offset = Date.parse(content.now) - Date.now();
  for (const part of ["cells", "units", "services", "experiments"]) {
    for (const [key, value] of Object.entries(content[part] ?? {})) {
      if (value === null) delete state[part][key];
      else state[part][key] = value;
    }
  }
  if (content.alarms) state.alarms = content.alarms;
  tell({ cells: Object.keys(content.cells ?? {}), units: "units" in content, alarms: "alarms" in content, experiments: content.experiments ?? null });
}

function heard() {
  lastNews = Date.now();
  heardAt = now();
  wait = 1000;
  if (lostAt === null) return;
  lostAt = null;
  document.documentElement.removeAttribute("data-lost");
  say(texts.back, "good");
  setTimeout(() => { if (lostAt === null && !paused) say(""); }, 4000);
}

function lost() {
  if (lostAt === null) {
    lostAt = now();
    document.documentElement.setAttribute("data-lost", "");
    say(fill(texts.lost, { time: clock(lostAt) }), "lost");
  }
  close();
  clearTimeout(retry);
  retry = setTimeout(open, wait);
  wait = Math.min(wait * 2, LONGEST_WAIT);
}

function say(text, kind = "") {
  if (!banner) return;
  banner.dataset.kind = kind;
  banner.textContent = text;
}

function close() {
  source?.close();
  source = null;
}

function open() {
  close();
  clearTimeout(retry);
  if (paused || document.hidden) return;
  lastNews = Date.now();
  source = new EventSource("/live");
  source.addEventListener("snapshot", (event) => { heard(); takeSnapshot(JSON.parse(event.data)); });
  source.addEventListener("delta", (event) => { heard(); takeDelta(JSON.parse(event.data)); });
  // The browser's own retry stops for good after an answer that is no stream, so it is done here.
  source.onerror = lost;
}

export function pause(on) {
  paused = on;
  if (on) { close(); clearTimeout(retry); say(texts.paused, "paused"); } else { say(""); open(); }
  tell(null);
}

export function start() {
  document.addEventListener("visibilitychange", () => { if (document.hidden) { close(); clearTimeout(retry); } else open(); });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => { if (event.persisted) open(); });
  addEventListener("online", open);
  // A connection that died without a word: nothing at all has come for a minute.
  setInterval(() => { if (source && Date.now() - lastNews > SILENCE) open(); }, 5000);
  open();
}
