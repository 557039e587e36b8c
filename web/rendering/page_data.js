// What the server put into the page as JSON; null where a page has none.
function read(id) {
  const element = document.getElementById(id);
  return element ? JSON.parse(element.textContent) : null;
}

export const site = read("site");
export const texts = read("texts");
export const assets = read("assets");
export const firstSnapshot = read("snapshot");
