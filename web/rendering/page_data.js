// What the server put into the page as JSON; null where a page has none.
function read(id) {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent) : null;
}

export const site = read("site");
export const texts = read("texts");
export const assets = read("assets");
// What an experiment asks of its values, in place of the station's tolerances.
export const limits = read("limits");
export const firstSnapshot = read("snapshot");
