// What changed elsewhere on the page is fetched again, column by column; the card that had focus keeps it.
import { find } from "./move.js";

const board = () => document.querySelector("[data-board]");
let focused = null;

// An act on an item says which columns it touched: HX-Trigger {"item:changed": {"item": 198, "phases": "plan,do"}}.
document.addEventListener("item:changed", ({ detail }) => {
  const root = board();
  if (!root) return;
  window.htmx.ajax("GET", `${root.dataset.columnsUrl}&phases=${detail.phases ?? ""}`, { source: root, target: root, swap: "none" });
});

document.addEventListener("htmx:before:swap", () => {
  focused = document.activeElement?.closest?.("[data-card]")?.dataset.card ?? focused;
});
document.addEventListener("htmx:after:swap", () => {
  const lost = !document.activeElement || document.activeElement === document.body;
  if (lost && focused) find(focused)?.querySelector(".card-title a")?.focus({ preventScroll: true });
  focused = null;
});
