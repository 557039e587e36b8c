// Every page: live values where the page has some, and the pause button.
import { keepAlarmsCurrent } from "../live/alarms.js";
import { isPaused, pause, start } from "../live/live.js";
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

if (firstSnapshot) {
  keepCellsCurrent();
  keepAlarmsCurrent();
  start();
  const button = document.querySelector("[data-pause]");
  if (button instanceof HTMLButtonElement) preparePauseButton(button);
}
