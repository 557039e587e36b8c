// The page that scripts find when they are imported under Node: an English one of a small site.
const PARAMETER = {
  fr: "Température", en: "Temperature", unit: "°C", kind: "measured", decimals: 1, setpoint_of: null, command_of: null,
  minimum: -20, maximum: 60, tolerances: [[1, "warning"], [3, "major"]], main: true, states: {},
};

/** @type {any} */
export const SITE = {
  zone: "Europe/Paris",
  stale_periods: 3,
  presence_seconds: 60,
  clock_skew: 60,
  silent_states: ["no_data", "offline", "stale"],
  missing_states: ["no_data", "no_value", "offline", "stale"],
  abnormal_states: ["high", "low", "suspect"],
  cells: { C1: { unit: "u1", period: 10, parameters: ["temperature", "temperature_setpoint", "door"] } },
  units: { u1: { fr: "Unité 1", en: "Unit 1" } },
  parameters: {
    temperature: PARAMETER,
    temperature_setpoint: { ...PARAMETER, setpoint_of: "temperature", main: false, tolerances: [] },
    door: {
      ...PARAMETER, unit: "", kind: "state", decimals: 0, main: false, tolerances: [],
      states: { 0: { fr: "fermée", en: "closed" }, 1: { fr: "ouverte", en: "open" } },
    },
  },
};

const TEXTS = { ago: "{age} ago", ahead: "{age} ahead", never: "never", values: { ok: "", high: "high", stale: "stale" } };

/** @param {"fr" | "en"} language */
export function openPage(language = "en") {
  const content = new Map([["site", SITE], ["texts", TEXTS]]);
  Object.assign(globalThis, {
    document: {
      documentElement: { lang: language },
      getElementById: (/** @type {string} */ id) => (content.has(id) ? { textContent: JSON.stringify(content.get(id)) } : null),
    },
  });
}
