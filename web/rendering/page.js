// Every page: live values where the page has some, and the pause button.
import { keepAlarmsCurrent } from "../live/alarms.js";
import { isPaused, onChange, pause, start, state } from "../live/live.js";
import { keepCellsCurrent } from "./cells.js";
import { find } from "./elements.js";
import { assets, firstSnapshot, texts } from "./page_data.js";

/** @param {HTMLButtonElement} button */
function preparePauseButton(button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const on = !isPaused();
    pause(on);
    button.setAttribute("aria-pressed", String(on));
    find("use", SVGUseElement, button).setAttribute("href", `${assets.sprite}#${on ? "play" : "pause"}`);
    find("[data-pause-text]", HTMLElement, button).textContent = on ? texts.resume : texts.pause;
  });
}

// Pages without live values ask for the alarms alone, now and then.
const ASK_MS = 10_000;

/** @param {string} address */
async function askForAlarms(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  return answer.ok ? (await answer.json()).alarms : null;
}

function followAlarmsAlone() {
  /** @type {((alarms: import("./types").Alarm[]) => void) | null} */
  let show = null;
  const ask = async () => {
    if (document.hidden) return;
    // A server that does not answer for a while is asked again: the page itself needs nothing of it.
    const alarms = await askForAlarms("/api/alarms/now").catch(() => null);
    if (!alarms) return;
    show ??= keepAlarmsCurrent(alarms);
    show(alarms);
  };
  setInterval(ask, ASK_MS);
  ask();
}

if (!firstSnapshot && document.querySelector("[data-alarm-badge]")) followAlarmsAlone();
if (firstSnapshot) {
  keepCellsCurrent();
  const showAlarms = keepAlarmsCurrent(state.alarms);
  onChange((changed) => { if (!changed || changed.alarms) showAlarms(state.alarms); });
  start();
  const button = document.querySelector("[data-pause]");
  if (button instanceof HTMLButtonElement) preparePauseButton(button);
}
