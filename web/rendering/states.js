// The rules of telemetry/judging.py, because values age while nothing is sent. Pure: a test runs both over one table of
// cases. `site` holds Python's numbers and lists; times are milliseconds since 1970, ages seconds.

/**
 * @import {
 *   CellState, CellVerdict, LatestValues, Limits, OwnLimits, Parameter, Presence, Site, Snapshot, Status, ValueVerdict
 * } from "./types"
 */

/** @typedef {NonNullable<ReturnType<typeof latestOf>>} Latest */

/** @type {WeakMap<Site, Record<string, string>>} */
const setpoints = new WeakMap();

/**
 * Return the code of each parameter's setpoint, by the code of what is measured.
 * @param {Site} site
 */
export function setpointsOf(site) {
  let found = setpoints.get(site);
  if (!found) {
    found = {};
    for (const [code, parameter] of Object.entries(site.parameters)) {
      if (parameter.setpoint_of) found[parameter.setpoint_of] = code;
    }
    setpoints.set(site, found);
  }
  return found;
}

/**
 * @param {Site} site
 * @param {number} age
 */
export const isAhead = (site, age) => age < -site.clock_skew;

/**
 * The newest value of a parameter, with the time that is its own; null where none ever came.
 * @param {LatestValues | undefined} held
 * @param {string | undefined} code
 */
export function latestOf(held, code) {
  if (!held || code === undefined || !(code in held.values)) return null;
  return { at: Date.parse(held.times?.[code] ?? held.observed_at), value: held.values[code], quality: held.quality?.[code] ?? 0 };
}

/**
 * @param {Parameter} parameter
 * @param {OwnLimits | undefined} own
 * @returns {Limits}
 */
export function limitsFor(parameter, own) {
  const [deviation, low, high] = [own?.deviation ?? null, own?.low ?? null, own?.high ?? null];
  if (!own || (deviation === null && low === null && high === null)) return { tolerances: parameter.tolerances, low, high, severity: "warning", own: false };
  return { tolerances: deviation === null ? [] : [[deviation, own.severity]], low, high, severity: own.severity, own: true };
}

/**
 * @param {Site} site
 * @param {Status | undefined} status
 * @param {number} now
 * @returns {Presence}
 */
export function judgePresence(site, status, now) {
  if (!status) return "unknown";
  const at = status.heard_at ?? status.at;
  if (status.state === "offline" || !status.at || !at) return status.state;
  const age = (now - Date.parse(at)) / 1000;
  return age <= site.stale_periods * site.presence_seconds && !isAhead(site, age) ? "online" : "silent";
}

/**
 * 18.3 - 18 is 0.3, not 0.3000000000000007.
 * @param {number} value
 * @param {number} aim
 * @param {number} decimals
 */
function difference(value, aim, decimals) {
  const scale = 10 ** (decimals + 4);
  const scaled = (value - aim) * scale;
  return Math.abs(scaled) < 2 ** 52 ? Math.floor(scaled + 0.5) / scale : value - aim;
}

/**
 * @param {Limits} limits
 * @param {number} value
 * @param {number | null} deviation
 * @returns {Pick<ValueVerdict, "state"> & Partial<ValueVerdict>}
 */
function against(limits, value, deviation) {
  if (deviation !== null) {
    const passed = limits.tolerances.filter(([tolerance]) => Math.abs(deviation) > tolerance).at(-1);
    if (passed) return { state: deviation > 0 ? "high" : "low", exceeded: "deviation", limit: passed[0], severity: passed[1] };
  }
  if (limits.low !== null && value < limits.low) return { state: "low", exceeded: "low", limit: limits.low, severity: limits.severity };
  if (limits.high !== null && value > limits.high) return { state: "high", exceeded: "high", limit: limits.high, severity: limits.severity };
  return { state: "ok" };
}

/**
 * @param {Site} site
 * @param {Parameter} parameter
 * @param {Latest} latest
 * @param {{presence: Presence, age: number, stale: number, limits: Limits, deviation: number | null}} known `stale` seconds
 * @returns {Pick<ValueVerdict, "state"> & Partial<ValueVerdict>}
 */
function stateOf(site, parameter, latest, { presence, age, stale, limits, deviation }) {
  if (presence === "offline") return { state: "offline" };
  if (age > stale) return { state: "stale" };
  if (latest.value === null) return { state: "no_value" };
  const implausible = (parameter.minimum !== null && latest.value < parameter.minimum) || (parameter.maximum !== null && latest.value > parameter.maximum);
  if (latest.quality === 1 || latest.quality === 3 || isAhead(site, age) || implausible) return { state: "suspect" };
  return against(limits, latest.value, deviation);
}

/**
 * The distance from the setpoint; null where there is none, or one that is stale or of another time than the value. A
 * stale pair still tells how things stood then.
 * @param {Latest} latest
 * @param {Latest | null} aim
 * @param {{now: number, stale: number, decimals: number}} known
 */
function deviationOf(latest, aim, { now, stale, decimals }) {
  if (latest.value === null || !aim || aim.value === null) return null;
  const together = Math.abs(latest.at - aim.at) / 1000 <= stale;
  const isStale = (/** @type {number} */ at) => (now - at) / 1000 > stale;
  return together && (isStale(latest.at) || !isStale(aim.at)) ? difference(latest.value, aim.value, decimals) : null;
}

/**
 * @param {Site} site
 * @param {string} code
 * @param {LatestValues | undefined} held
 * @param {{presence: Presence, period: number, own?: OwnLimits, now: number}} known `own`: what the experiment in the cell
 *   asks of the parameter; undefined where it does not name it
 * @returns {ValueVerdict}
 */
export function judgeValue(site, code, held, { presence, period, own, now }) {
  const parameter = site.parameters[code];
  const latest = latestOf(held, code);
  const aim = latestOf(held, setpointsOf(site)[code]);
  const limits = limitsFor(parameter, own);
  /** @type {ValueVerdict} */
  const verdict = {
    state: "no_data", value: null, at: null, age: null, target: aim?.value ?? null, targetAt: aim?.at ?? null,
    deviation: null, limits, tolerance: limits.tolerances[0]?.[0] ?? null, exceeded: null, limit: null, severity: null,
  };
  if (!latest) return verdict;
  const stale = site.stale_periods * period;
  const age = (now - latest.at) / 1000;
  const deviation = deviationOf(latest, aim, { now, stale, decimals: parameter.decimals });
  return { ...verdict, value: latest.value, at: latest.at, age, deviation, ...stateOf(site, parameter, latest, { presence, age, stale, limits, deviation }) };
}

/**
 * @param {Site} site
 * @param {string} cell
 * @param {Snapshot} snapshot
 * @param {number} now
 * @returns {CellVerdict}
 */
export function judgeCell(site, cell, snapshot, now) {
  const held = snapshot.cells[cell];
  const { unit, period, parameters } = site.cells[cell];
  const presence = judgePresence(site, snapshot.units[unit], now);
  const named = snapshot.experiments[cell]?.limits ?? {};
  const values = Object.fromEntries(parameters.map((code) => [code, judgeValue(site, code, held, { presence, period, own: named[code], now })]));
  const judged = parameters.filter((code) => site.parameters[code].main || code in named).map((code) => values[code].state);
  const known = Object.keys(held?.values ?? {}).flatMap((code) => latestOf(held, code)?.at ?? []);
  // One value ahead of the clock must not make a silent cell look fresh.
  const past = known.filter((at) => !isAhead(site, (now - at) / 1000));
  const observed = known.length ? Math.max(...(past.length ? past : known)) : null;
  const age = observed === null ? null : (now - observed) / 1000;
  const severities = snapshot.alarms
    .filter((alarm) => (alarm.cell ?? alarm.place) === cell && ["active", "acknowledged"].includes(alarm.state))
    .map((alarm) => alarm.severity);
  /** @type {[CellState, boolean][]} */
  const rules = [
    ["alarm", severities.some((severity) => severity !== "warning")],
    ["offline", presence === "offline"],
    ["no_data", age === null],
    ["stale", age !== null && age > site.stale_periods * period],
    ["warning", severities.length > 0],
    ["deviation", judged.some((state) => site.abnormal_states.includes(state))],
    ["incomplete", judged.some((state) => site.missing_states.includes(state))],
  ];
  return { state: rules.find(([, holds]) => holds)?.[0] ?? "ok", observed, age, values };
}

/**
 * How many of an experiment's values stand where, given the states of each of its cells.
 * @param {Site} site
 * @param {string[][]} cells
 */
export function judgeExperiment(site, cells) {
  const found = { outside: 0, missing: 0, silent: 0, within: 0 };
  for (const states of cells) {
    if (states.every((state) => site.silent_states.includes(state))) { found.silent += 1; continue; }
    found.outside += states.filter((state) => site.abnormal_states.includes(state)).length;
    found.missing += states.filter((state) => site.missing_states.includes(state)).length;
    found.within += states.filter((state) => state === "ok").length;
  }
  return found;
}

/**
 * Where the needle of a gauge stands: ±25 is the tolerance, ±47 the end.
 * @param {number | null} deviation
 * @param {number | null} tolerance
 */
export function gaugePlace(deviation, tolerance) {
  return Math.min(47, Math.max(-47, ((deviation ?? 0) / (tolerance || 1)) * 25)) - 2;
}
