// Every page: live values where the page has some, and the pause button.
import { assets, site, texts } from "./page_data.js";

if (site && document.getElementById("snapshot")) {
  const [live, cells, alarms] = await Promise.all([import("./live.js"), import("./cells.js"), import("./alarms.js")]);
  cells.keepCellsCurrent();
  alarms.keepAlarmsCurrent();
  live.start();

  const button = document.querySelector("[data-pause]");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const paused = !live.isPaused();
      live.pause(paused);
      button.setAttribute("aria-pressed", String(paused));
      button.querySelector("use").setAttribute("href", `${assets.sprite}#${paused ? "play" : "pause"}`);
      button.querySelector("[data-pause-word]").textContent = paused ? texts.resume : texts.pause;
    });
  }
}
