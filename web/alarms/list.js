// The list of open alarms lives: it is fetched anew when an alarm changes, unless somebody is typing in it.
import { isWanted, want } from "../live/calling.js";
import { onChange } from "../live/live.js";
import { find, findAll } from "../rendering/elements.js";
import { texts } from "../rendering/page_data.js";

const frame = find("[data-alarm-table]", HTMLElement);
// Several changes that come together are one look.
const GATHER_MS = 300;
/** @type {number | undefined} */
let timer;

/** A form that somebody has opened or stands in must not vanish under the hand. */
const isInUse = () => frame.contains(document.activeElement) || frame.querySelector("details[open]") !== null;

async function refresh() {
  if (isInUse()) { soon(2000); return; }
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) { soon(5000); return; }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-alarm-table]");
  if (!fresh) return;
  if (isInUse()) soon(2000);
  else frame.replaceChildren(...fresh.childNodes);
}

/** @param {number} wait milliseconds */
function soon(wait) {
  clearTimeout(timer);
  timer = setTimeout(refresh, wait);
}

let first = true;
if (frame.dataset.alarmTable === "open") {
  onChange((changed) => {
    // What comes first is what the page has just been made from.
    if (first && !changed) first = false;
    else if (!changed || changed.alarms) soon(GATHER_MS);
  });
}

const calls = document.querySelector("[data-alarm-calls]");
if (calls instanceof HTMLElement) {
  calls.hidden = false;
  const said = find("[data-call-said]", HTMLElement, calls);
  for (const box of findAll("[data-call]", HTMLInputElement, calls)) {
    const way = box.dataset.call === "sound" ? "sound" : "notification";
    box.checked = isWanted(way);
    box.addEventListener("change", async () => {
      const asked = box.checked;
      box.checked = await want(way, asked);
      said.textContent = asked && !box.checked ? texts.call_refused : box.checked ? texts.call_on : "";
    });
  }
}
