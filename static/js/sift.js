// A filter that is chosen by key loads the board anew; the focus stays where the next filter is chosen.
const KEY = "sift-stop";
const stops = () => [...document.querySelectorAll("#board-head :is([data-filters] a, .choices summary, .choices > a)")];

document.addEventListener("click", ({ target, detail }) => {
  const link = detail === 0 && target.closest?.("#board-head a[href]");
  const stop = link && (link.closest("details")?.querySelector("summary") ?? link);
  if (stop) sessionStorage.setItem(KEY, stops().indexOf(stop));
});

const kept = sessionStorage.getItem(KEY);
sessionStorage.removeItem(KEY);
if (kept !== null && !location.hash) (stops()[kept] ?? stops()[0])?.focus({ preventScroll: true });
