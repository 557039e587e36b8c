// Every page: live values where the page has some, and the pause button.
import { assets, site, texts } from "./page_data.js";
import { keepAlarmsCurrent } from "../live/alarms.js";
import { keepCellsCurrent } from "./cells.js";
import { isPaused, pause, start } from "../live/live.js";

if (site && document.getElementById("snapshot")) {
  keepCellsCurrent();
  keepAlarmsCurrent();
  start();

  const button = document.querySelector("[data-pause]");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const on = !isPaused();
      pause(on);
      button.setAttribute("aria-pressed", String(on));
      button.querySelector("use").setAttribute("href", `${assets.sprite}#${on ? "play" : "pause"}`);
      button.querySelector("[data-pause-word]").textContent = on ? texts.resume : texts.pause;
    });
  }
}
