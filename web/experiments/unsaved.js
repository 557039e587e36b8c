// A form that was changed is not left by accident: the browser asks. "dirty": it came back from the server unsaved.
import { findAll } from "../rendering/elements.js";

/** @param {HTMLFormElement} form */
function guard(form) {
  const content = () => JSON.stringify([...new FormData(form)]);
  const first = content();
  const note = form.querySelector("[data-unsaved-note]");
  let sending = false;
  const changed = () => form.dataset.unsaved === "dirty" || content() !== first;
  const showNote = () => { if (note instanceof HTMLElement) note.hidden = !changed(); };
  form.addEventListener("input", showNote);
  form.addEventListener("submit", () => { sending = true; });
  // Back from the page that the form led to: its content is unsaved again.
  addEventListener("pageshow", () => { sending = false; showNote(); });
  addEventListener("beforeunload", (event) => { if (!sending && changed()) event.preventDefault(); });
  showNote();
}

for (const form of findAll("form[data-unsaved]", HTMLFormElement)) guard(form);
