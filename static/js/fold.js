// On a phone the head scrolls away and comes back when you scroll up; the tabs follow the column in view.
const phone = matchMedia("(max-width: 48rem)");
const root = document.documentElement;
let last = scrollY;

addEventListener(
  "scroll",
  () => {
    if (!phone.matches || Math.abs(scrollY - last) < 8) return;
    const back = scrollY < last && scrollY > 96;
    if (back) root.dataset.head = "back";
    else delete root.dataset.head;
    last = scrollY;
  },
  { passive: true },
);

const seen = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting && phone.matches) current(target.id);
    }
  },
  { rootMargin: "0px -55% 0px 0px", threshold: 0.01 },
);

function current(id) {
  for (const tab of document.querySelectorAll("[data-tabs] a")) {
    if (tab.hash === `#${id}`) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
}

document.addEventListener("click", (event) => {
  const tab = event.target.closest?.("[data-tabs] a");
  const column = tab && document.querySelector(tab.hash);
  if (!column) return;
  event.preventDefault();
  const row = column.parentElement;
  row.scrollTo({ left: column.offsetLeft - row.offsetLeft, behavior: "smooth" });
  const top = row.getBoundingClientRect().top + scrollY - 48;
  if (scrollY > top) scrollTo({ top });
});

// Folded or unfolded: the focus is where it was.
const [, folded] = location.hash.match(/^#fold-([a-z]+)$/) ?? [];
if (folded) document.querySelector(`#column-${folded} [data-fold]`)?.focus({ preventScroll: true });

const watch = () => document.querySelectorAll("[data-column]").forEach((column) => seen.observe(column));
document.addEventListener("htmx:after:swap", watch);
document.addEventListener("board:changed", watch);
watch();
