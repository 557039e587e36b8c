// The rules of web/rendering/cell_view.py: one state for a cell, one for a value. Pure, so that a test runs both.

/** @import { CellState, LatestValues, LimitsByParameter, Site, Snapshot, ValueState } from "./types" */

/**
 * @param {{age: number | null, period: number, status?: string | null, severities: string[], abnormal: boolean,
 *   stalePeriods: number}} cell `age` and `period` in seconds
 * @returns {CellState}
 */
export function cellState({ age, period, status, severities, abnormal, stalePeriods }) {
  if (severities.some((severity) => severity !== "warning")) return "alarm";
  if (status === "offline") return "offline";
  if (age === null) return "nodata";
  if (age > stalePeriods * period) return "stale";
  if (severities.length) return "warning";
  return abnormal ? "deviation" : "normal";
}

/**
 * @param {{reported: boolean, value: number | null | undefined, deviation: number | null, tolerance: number | null,
 *   minimum: number | null, maximum: number | null, quality: number, low?: number | null, high?: number | null}} shown
 * @returns {ValueState}
 */
export function valueState({ reported, value, deviation, tolerance, minimum, maximum, quality, low = null, high = null }) {
  if (value === null || value === undefined) return reported ? "none" : "missing";
  if (quality === 1 || quality === 3 || (minimum !== null && value < minimum) || (maximum !== null && value > maximum)) return "suspect";
  if (deviation !== null && tolerance !== null && Math.abs(deviation) > tolerance) return deviation > 0 ? "high" : "low";
  if (low !== null && value < low) return "low";
  return high !== null && value > high ? "high" : "ok";
}

/**
 * Where the needle begins on a gauge of 100 units around the setpoint, half of them the tolerance.
 * @param {number | null} deviation
 * @param {number} tolerance
 */
export function gaugePlace(deviation, tolerance) {
  return Math.min(47, Math.max(-47, ((deviation ?? 0) / tolerance) * 25)) - 2;
}

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
 * @param {string} code
 * @param {LatestValues | undefined} latest
 * @param {LimitsByParameter | null} [limits] an experiment's own, in place of the station's
 */
export function showValue(site, code, latest, limits = null) {
  const parameter = site.parameters[code];
  const values = latest?.values ?? {};
  const value = values[code] ?? null;
  const setpoint = setpointsOf(site)[code];
  const target = setpoint === undefined ? null : values[setpoint] ?? null;
  const deviation = value === null || target === null ? null : value - target;
  const own = limits?.[code];
  const tolerance = own ? own.deviation : parameter.tolerance;
  const state = valueState({
    reported: code in values, value, deviation, tolerance,
    minimum: parameter.minimum, maximum: parameter.maximum, quality: latest?.quality?.[code] ?? 0, low: own?.low ?? null, high: own?.high ?? null,
  });
  return { value, deviation, tolerance, state };
}

/**
 * @param {Site} site
 * @param {string} cell
 * @param {Snapshot} snapshot
 * @param {number} now milliseconds since 1970
 */
export function showCell(site, cell, snapshot, now) {
  const latest = snapshot.cells[cell];
  const { unit, period, parameters } = site.cells[cell];
  const observed = latest?.observed_at ? Date.parse(latest.observed_at) : null;
  const age = observed === null ? null : Math.max(0, (now - observed) / 1000);
  const alarms = snapshot.alarms.filter(
    (alarm) => (alarm.cell ?? alarm.place) === cell && ["active", "acknowledged"].includes(alarm.state),
  );
  const abnormal = parameters.some(
    (code) => site.parameters[code].main && ["high", "low", "suspect"].includes(showValue(site, code, latest).state),
  );
  const state = cellState({
    age, period, status: snapshot.units[unit]?.state, severities: alarms.map((alarm) => alarm.severity),
    abnormal, stalePeriods: site.stale_periods,
  });
  return { state, observed, age };
}
