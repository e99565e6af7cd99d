// What changes without focus moving is said aloud.
const region = () => document.getElementById("live");

export function announce(text) {
  const live = region();
  if (!live || !text) return;
  live.textContent = "";
  // A region that gets the same words twice stays silent, so it is emptied first.
  setTimeout(() => (live.textContent = text), 60);
}

export function word(name) {
  return region()?.dataset[name] ?? "";
}

// Fills {name} in a sentence that the page brought along.
export function fill(sentence, values) {
  return (sentence ?? "").replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

document.addEventListener("htmx:after:settle", ({ detail }) => {
  for (const node of detail.newContent ?? []) {
    const said = node.dataset?.announce ?? node.querySelector?.("[data-announce]")?.dataset.announce;
    if (said) announce(said);
  }
});
