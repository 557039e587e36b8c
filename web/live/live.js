// One stream a page: a snapshot, then what changed. It heals by itself, says when it cannot, and rests when hidden.
import { firstSnapshot, texts } from "../rendering/page_data.js";
import { clock, fill } from "../rendering/formats.js";

/** @import { Changes, Delta, Snapshot } from "../rendering/types" */

// Ages are counted on the server's clock, from its last word on: this computer's may be wrong, or be set meanwhile.
let serverTime = firstSnapshot ? Date.parse(firstSnapshot.now) : Date.now();
let toldAt = performance.now();
export const now = () => serverTime + performance.now() - toldAt;
/** @type {Snapshot} */
export const state = firstSnapshot ?? { now: "", broker_connected: true, cells: {}, units: {}, services: {}, alarms: [], experiments: {} };

/** @typedef {(changed: Changes | null) => void} Listener null: everything may have changed */
/** @type {Set<Listener>} */
const listeners = new Set();
/** @type {EventSource | null} */
let source = null;
/** @type {number | null} */
let lostAt = null;
let lastNews = performance.now();
let lookedAt = lastNews;
let restoredUntil = 0;
let wait = 1000;
/** @type {number | undefined} */
let retry;
let paused = false;

// The server sends something at least every 3 seconds (PING_SECONDS in hub.py): after so many it hangs.
const SILENCE = 8000;
const RESTORED_SHOWN = 4000;
const LOOK = 1000;
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
  Object.assign(state, content);
  tellConnection();
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
  merge(state.cells, content.cells);
  merge(state.units, content.units);
  merge(state.services, content.services);
  merge(state.experiments, content.experiments);
  if (content.alarms) state.alarms = content.alarms;
  if (content.broker_connected !== undefined) {
    state.broker_connected = content.broker_connected;
    tellConnection();
  }
  notify({ cells: Object.keys(content.cells ?? {}), units: "units" in content, alarms: "alarms" in content, experiments: content.experiments ?? null });
}

/** @param {{ now: string }} content */
function heard(content) {
  serverTime = Date.parse(content.now);
  toldAt = lastNews = performance.now();
  wait = 1000;
  if (lostAt === null) return;
  lostAt = null;
  document.documentElement.removeAttribute("data-lost");
  restoredUntil = performance.now() + RESTORED_SHOWN;
  setTimeout(tellConnection, RESTORED_SHOWN + 100);
  tellConnection();
}

function lost() {
  lostAt ??= now();
  document.documentElement.setAttribute("data-lost", "");
  tellConnection();
  close();
  clearTimeout(retry);
  retry = setTimeout(open, wait);
  wait = Math.min(wait * 2, LONGEST_WAIT);
}

// A connection that died without a word, or a server that hangs: nothing has come for too long.
function look() {
  const late = performance.now() - lookedAt > 3 * LOOK;
  lookedAt = performance.now();
  // A page that could not run itself for a while first takes what has come meanwhile.
  if (source && !late && performance.now() - lastNews > SILENCE) lost();
}

function tellConnection() {
  if (paused) showBanner(texts.paused, "paused");
  else if (lostAt !== null) showBanner(fill(texts.lost, { time: clock(lostAt) }), "lost");
  else if (performance.now() < restoredUntil) showBanner(texts.back, "good");
  else if (!state.broker_connected) showBanner(texts.broker_lost, "lost");
  else showBanner("");
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
  lastNews = performance.now();
  source = new EventSource("/live");
  listen(source, "snapshot", takeSnapshot);
  listen(source, "delta", takeDelta);
  listen(source, "ping", () => {});
  // The browser's own retry stops for good after an answer that is no stream, so it is done here.
  source.onerror = lost;
}

/**
 * @param {EventSource} stream
 * @param {string} name
 * @param {(content: any) => void} take
 */
function listen(stream, name, take) {
  stream.addEventListener(name, (event) => {
    const content = JSON.parse(event.data);
    heard(content);
    take(content);
  });
}

/** @param {boolean} on */
export function pause(on) {
  paused = on;
  if (on) { close(); clearTimeout(retry); } else open();
  tellConnection();
  notify(null);
}

export function start() {
  document.addEventListener("visibilitychange", () => { if (document.hidden) { close(); clearTimeout(retry); } else open(); });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => { if (event.persisted) open(); });
  addEventListener("online", open);
  setInterval(look, LOOK);
  tellConnection();
  open();
}
