// Choosing several cards: `x`, the boxes, and shift-click for all in between. The bar below is an ordinary form.
import { announce, fill } from "./live.js";

const board = () => document.querySelector("[data-board]");
const bar = () => document.querySelector("[data-several]");
const boxOf = (card) => card?.querySelector(".card-pick");
const boxes = () => [...(board()?.querySelectorAll(".card-pick") ?? [])];
const picked = new Set();
let last = null;

export const isPicking = () => Boolean(board()?.classList.contains("is-picking"));

function set(card, on) {
  const box = boxOf(card);
  if (!box) return;
  box.checked = on;
  if (on) picked.add(card.dataset.card);
  else picked.delete(card.dataset.card);
}

export function toggle(card) {
  if (!card || !bar()) return;
  board().classList.add("is-picking");
  set(card, !boxOf(card).checked);
  last = card;
  tell();
}

// Everything from the card that was chosen last to this one; over columns there is no "between".
function range(card) {
  const cards = [...(card.closest("[data-cards]")?.querySelectorAll("[data-card]") ?? [])];
  const [from, to] = [cards.indexOf(last), cards.indexOf(card)];
  if (from < 0) return toggle(card);
  for (const one of cards.slice(Math.min(from, to), Math.max(from, to) + 1)) set(one, true);
  last = card;
  tell();
}

// The bar stands behind all cards: a key goes there, so that nobody walks past the whole board.
export function toBar() {
  if (isPicking()) bar()?.querySelector("summary, button, a")?.focus();
}

export function stop() {
  const back = bar()?.contains(document.activeElement) && (last?.isConnected ? last : board().querySelector("[data-card]"));
  picked.clear();
  last = null;
  for (const box of boxes()) box.checked = false;
  board()?.classList.remove("is-picking");
  // The address may say so too: a page that is loaded again would begin choosing again.
  const here = new URL(location.href);
  here.searchParams.delete("pick");
  history.replaceState(history.state, "", here);
  count();
  // The bar goes, and takes the focus along.
  back?.querySelector?.(".card-title a").focus();
  announce(bar()?.dataset.wordNone);
}

function count() {
  const line = bar()?.querySelector("[data-several-count]");
  const words = fill(bar()?.dataset.wordCount, { n: picked.size });
  if (line && picked.size) line.textContent = words;
  return words;
}

function tell() {
  announce(count());
}

document.addEventListener("change", ({ target }) => {
  const card = target.matches?.(".card-pick") && target.closest("[data-card]");
  if (!card) return;
  set(card, target.checked);
  last = card;
  tell();
});

document.addEventListener(
  "click",
  (event) => {
    const card = event.shiftKey && bar() && event.target.closest?.("[data-board] [data-card]");
    if (card) {
      event.preventDefault();
      event.stopPropagation();
      board().classList.add("is-picking");
      return range(card);
    }
    // While one chooses, a finger on a card chooses it: the box alone is a small thing to hit.
    const tapped = isPicking() && event.pointerType === "touch" && event.target.closest?.(".card-title a")?.closest("[data-card]");
    if (tapped) {
      event.preventDefault();
      return toggle(tapped);
    }
    if (!event.target.closest?.("[data-pick], [data-pick-stop]") || !bar()) return;
    event.preventDefault();
    if (isPicking()) stop();
    else board().classList.add("is-picking");
  },
  true,
);

// A card that came anew is as chosen as it was; one that left is not.
document.addEventListener("board:changed", () => {
  for (const id of [...picked]) {
    const card = document.getElementById(`card-${id}`);
    if (card) set(card, true);
    else picked.delete(id);
  }
  count();
});

// What the browser remembers of the boxes counts as well.
for (const box of boxes()) if (box.checked) set(box.closest("[data-card]"), true);
if (picked.size) {
  board().classList.add("is-picking");
  count();
}
