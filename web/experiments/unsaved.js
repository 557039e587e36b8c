// A form that was changed is not left by accident: the browser asks. "dirty": it came back from the server unsaved.
for (const form of document.querySelectorAll("form[data-unsaved]")) {
  const content = () => new URLSearchParams(new FormData(form)).toString();
  const first = content();
  const note = form.querySelector("[data-unsaved-note]");
  let sending = false;
  const changed = () => form.dataset.unsaved === "dirty" || content() !== first;
  const say = () => { if (note) note.hidden = !changed(); };
  form.addEventListener("input", say);
  form.addEventListener("submit", () => { sending = true; });
  // Back from the page that the form led to: what stands in it is unsaved again.
  addEventListener("pageshow", () => { sending = false; say(); });
  addEventListener("beforeunload", (event) => { if (!sending && changed()) event.preventDefault(); });
  say();
}
