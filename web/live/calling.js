// A sound and a notification when an alarm is raised, where the person of this browser wants them.
import { language } from "../rendering/formats.js";
import { texts } from "../rendering/page_data.js";

/** @import { Alarm } from "../rendering/types" */

/** @typedef {"sound" | "notification"} Way */

/** @param {Way} way */
const key = (way) => `octopus-call-${way}`;

/** @param {Way} way */
export function isWanted(way) {
  try {
    return localStorage.getItem(key(way)) === "on";
  } catch {
    // A browser may keep nothing for us: then nobody has wanted anything.
    return false;
  }
}

/**
 * @param {Way} way
 * @param {boolean} on
 */
function remember(way, on) {
  if (on) localStorage.setItem(key(way), "on");
  else localStorage.removeItem(key(way));
}

/**
 * Switch a way on or off; tells whether it is on afterwards, for the browser has its own say.
 * @param {Way} way
 * @param {boolean} on
 */
export async function want(way, on) {
  if (on && way === "notification") {
    if (!("Notification" in window) || (await Notification.requestPermission()) !== "granted") return false;
  }
  remember(way, on);
  if (on && way === "sound") await sound();
  return on;
}

/** @param {Alarm[]} raised */
export function call(raised) {
  if (!raised.length) return;
  if (isWanted("sound")) sound();
  if (isWanted("notification") && "Notification" in window && Notification.permission === "granted") raised.forEach(notify);
}

// Two notes, a third apart: heard in a room, gone after a second.
async function sound() {
  const context = new AudioContext();
  // Until somebody has touched the page, the browser may keep it silent; then there is no sound, and no fault.
  await context.resume();
  [660, 830].forEach((frequency, n) => {
    const [oscillator, gain] = [context.createOscillator(), context.createGain()];
    const start = context.currentTime + n * 0.25;
    oscillator.frequency.value = frequency;
    gain.gain.setValueAtTime(0.2, start);
    gain.gain.exponentialRampToValueAtTime(0.001, start + 0.45);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(start);
    oscillator.stop(start + 0.5);
  });
  setTimeout(() => context.close(), 2000);
}

/** @param {Alarm} alarm */
function notify(alarm) {
  const title = `${texts[`severity_${alarm.severity}`]} · ${alarm.cell ?? alarm.place}`;
  // Several pages of this browser know the same alarm: its tag makes them one notification.
  const shown = new Notification(title, { body: alarm.text[language] ?? "", tag: `octopus-${alarm.id}`, lang: language });
  shown.onclick = () => { window.focus(); location.href = "/alarms"; };
}
