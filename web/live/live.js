// One stream a page: a snapshot, then what changed. It heals by itself, says when it cannot, and rests when hidden.
import { firstSnapshot, texts } from "../rendering/page_data.js";
import { clock, fill } from "../rendering/formats.js";

/** @import { Changes, Delta, Snapshot } from "../rendering/types" */

// Ages are counted on the server's clock: this computer's may be wrong.
let offset = firstSnapshot ? Date.parse(firstSnapshot.now) - Date.now() : 0;
export const now = () => Date.now() + offset;
/** @type {Snapshot} */
export const state = firstSnapshot ?? { now: "", cells: {}, units: {}, services: {}, alarms: [], experiments: {} };

/** @typedef {(changed: Changes | null) => void} Listener null: everything may have changed */
/** @type {Set<Listener>} */
const listeners = new Set();
/** @type {EventSource | null} */
let source = null;
/** @type {number | null} */
let lostAt = null;
let lastNews = Date.now();
let wait = 1000;
/** @type {number | undefined} */
let retry;
let paused = false;

const SILENCE = 60_000;
const LONGEST_WAIT = 10_000;
const banner = document.getElementById("connection");

/** @param {Listener} listener */
export function onChange(listener) { listeners.add(listener); }
/** @param {Changes | null} changed */
function notify(changed) { for (const listener of listeners) listener(changed); }
export const isPaused = () => paused;
export const isLost = () => lostAt !== null;

/** @param {Snapshot} content */
function takeSnapshot(content) {
  offset = Date.parse(content.now) - Date.now();
  Object.assign(state, content);
  notify(null);
}

/**
 * @template T
 * @param {Record<string, T>} kept
 * @param {Record<string, T | null>} [changed] null: no longer there
 */
function merge(kept, changed = {}) {
  for (const [key, value] of Object.entries(changed)) {
    if (value === null) delete kept[key];
    else kept[key] = value;
  }
}

/** @param {Delta} content */
function takeDelta(content) {
  offset = Date.parse(content.now) - Date.now();
  merge(state.cells, content.cells);
  merge(state.units, content.units);
  merge(state.services, content.services);
  merge(state.experiments, content.experiments);
  if (content.alarms) state.alarms = content.alarms;
  notify({ cells: Object.keys(content.cells ?? {}), units: "units" in content, alarms: "alarms" in content, experiments: content.experiments ?? null });
}

function heard() {
  lastNews = Date.now();
  wait = 1000;
  if (lostAt === null) return;
  lostAt = null;
  document.documentElement.removeAttribute("data-lost");
  showBanner(texts.back, "good");
  setTimeout(() => { if (lostAt === null && !paused) showBanner(""); }, 4000);
}

function lost() {
  if (lostAt === null) {
    lostAt = now();
    document.documentElement.setAttribute("data-lost", "");
    showBanner(fill(texts.lost, { time: clock(lostAt) }), "lost");
  }
  close();
  clearTimeout(retry);
  retry = setTimeout(open, wait);
  wait = Math.min(wait * 2, LONGEST_WAIT);
}

/**
 * @param {string} text
 * @param {"" | "good" | "lost" | "paused"} [kind]
 */
function showBanner(text, kind = "") {
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

/** @param {boolean} on */
export function pause(on) {
  paused = on;
  if (on) { close(); clearTimeout(retry); showBanner(texts.paused, "paused"); } else { showBanner(""); open(); }
  notify(null);
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
