// A card in the hand of who uses keys: Space takes it up, arrows carry it, Space or Enter puts it down, Escape puts it back.
import { announce, fill } from "./live.js";
import { isMoving, mayWrite, placeOf, settle, words } from "./move.js";

let held = null;

export const isLifted = () => held !== null;

const title = (card) => card.querySelector(".card-title a");
const cardsIn = (list) => [...list.querySelectorAll(":scope > [data-card]")];

function lift(card) {
  held = { card, back: placeOf(card), home: card.parentElement, next: card.nextElementSibling };
  card.classList.add("is-held");
  announce(fill(words().wordLifted, { card: card.dataset.number }));
}

function carry(dx, dy) {
  const { card } = held;
  if (dy) shiftPlace(card, dy);
  else toList(card, dx);
  // An element that is put elsewhere loses the focus.
  title(card).focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
  const list = card.parentElement;
  announce(fill(words().wordOver, { column: list.closest("[data-column]").dataset.name, place: cardsIn(list).indexOf(card) + 1 }));
}

function shiftPlace(card, dy) {
  const other = cardsIn(card.parentElement)[cardsIn(card.parentElement).indexOf(card) + dy];
  if (!other) return;
  if (dy < 0) other.before(card);
  else other.after(card);
}

// To the same height in the next column, the first of its lanes.
function toList(card, dx) {
  const columns = [...document.querySelectorAll("[data-board] [data-column]")];
  const place = cardsIn(card.parentElement).indexOf(card);
  const list = columns[columns.indexOf(card.closest("[data-column]")) + dx]?.querySelector("[data-cards]");
  if (list) list.insertBefore(card, cardsIn(list)[place] ?? null);
}

function put() {
  const { card, back, home, next } = held;
  letGo();
  if (card.parentElement === home && card.nextElementSibling === next) return announce(fill(words().wordBack, { card: card.dataset.number }));
  return settle(card, back, { focus: true });
}

function putBack() {
  const { card, back } = held;
  back();
  letGo();
  title(card).focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
  announce(fill(words().wordBack, { card: card.dataset.number }));
}

function letGo() {
  held.card.classList.remove("is-held");
  held = null;
  document.dispatchEvent(new CustomEvent("board:free"));
}

const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const isSpace = ({ key }) => key === " ";

document.addEventListener(
  "keydown",
  (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!held && !(isSpace(event) && mayWrite() && !isMoving() && event.target.matches?.("[data-board] .card-title a"))) return;
    // Tab walks away from the card, so the card goes back first.
    if (held && event.key === "Tab") return putBack();
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!held) lift(event.target.closest("[data-card]"));
    else if (ARROWS[event.key]) carry(...ARROWS[event.key]);
    else if (isSpace(event) || event.key === "Enter") put();
    else if (event.key === "Escape") putBack();
  },
  true,
);
document.addEventListener("pointerdown", () => held && putBack(), true);
