// The page that scripts find when they are imported under Node: an English one of a small site.
const PARAMETER = {
  fr: "Température", en: "Temperature", unit: "°C", kind: "measured", decimals: 1, setpoint_of: null, command_of: null,
  minimum: -20, maximum: 60, tolerance: 1, main: true, states: {},
};

/** @type {any} */
export const SITE = {
  zone: "Europe/Paris",
  stale_periods: 3,
  cells: { C1: { unit: "u1", period: 10, parameters: ["temperature", "temperature_setpoint", "door"] } },
  units: { u1: { fr: "Unité 1", en: "Unit 1" } },
  parameters: {
    temperature: PARAMETER,
    temperature_setpoint: { ...PARAMETER, setpoint_of: "temperature", main: false, tolerance: null },
    door: {
      ...PARAMETER, unit: "", kind: "state", decimals: 0, main: false, tolerance: null,
      states: { 0: { fr: "fermée", en: "closed" }, 1: { fr: "ouverte", en: "open" } },
    },
  },
};

/** @param {"fr" | "en"} language */
export function openPage(language = "en") {
  const content = new Map([["site", SITE]]);
  Object.assign(globalThis, {
    document: {
      documentElement: { lang: language },
      getElementById: (/** @type {string} */ id) => (content.has(id) ? { textContent: JSON.stringify(content.get(id)) } : null),
    },
  });
}
