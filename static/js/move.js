// One way to move a card, for the drag, the key and the menu: neighbours are sent, never an index.
import { announce, fill } from "./live.js";

let count = 0;
let underway = 0;
const board = () => document.querySelector("[data-board]");
export const words = () => board()?.dataset ?? {};
export const mayWrite = () => words().mayWrite === "yes";
export const find = (id) => document.getElementById(`card-${id}`);
export const nextPhases = (phase) => JSON.parse(words().steps ?? "{}")[phase] ?? [];

// While a move is not answered yet, nobody else puts the cards in order.
export const isMoving = () => underway > 0;

// A card that is put elsewhere loses the focus; the next key should still find it, however long the answer takes.
const stay = (card) => card.querySelector(".card-title a")?.focus({ preventScroll: true });

const cardBefore = (card) => siblingCard(card, "previousElementSibling");
const cardAfter = (card) => siblingCard(card, "nextElementSibling");
function siblingCard(card, way) {
  let other = card?.[way];
  while (other && !other.matches("[data-card]")) other = other[way];
  return other;
}

// Asks the server; resolves to the status, 0 when nothing answered. A refusal arrives as a sheet, success as regions.
export function ask(source, url, values) {
  const token = ++count;
  return new Promise((resolve) => {
    const done = ({ detail }) => {
      if (detail.ctx?.askToken !== token) return;
      document.removeEventListener("htmx:finally:request", done);
      resolve(detail.ctx.response?.status ?? 0);
    };
    document.addEventListener("htmx:finally:request", done);
    window.htmx.ajax("POST", url, {
      source, target: "#sheet", swap: "innerHTML swapEmpty:true", values, askToken: token,
    });
  });
}

// The card already stands where it should go; `back` puts it where it was.
export async function settle(card, back, { focus = false } = {}) {
  const list = card.closest("[data-cards]");
  const values = {
    to: list.dataset.cards,
    after: cardBefore(card)?.dataset.card ?? "",
    before: cardAfter(card)?.dataset.card ?? "",
  };
  const { card: id, number } = card.dataset;
  underway += 1;
  const status = await ask(card, card.dataset.moveUrl, values);
  underway -= 1;
  const ok = status >= 200 && status < 300;
  if (!ok && card.isConnected) {
    back();
    if (focus && !document.querySelector("dialog[open]")) stay(card);
  }
  const now = find(id);
  if (ok) moved(now, number);
  else if (!status) announce(fill(words().wordLost, { card: number }));
  else announce(fill(words().wordAsks, { card: number }));
  if (focus && ok) now?.querySelector(".card-title a")?.focus();
  document.dispatchEvent(new CustomEvent("board:free"));
  return ok;
}

function moved(card, number) {
  const column = card?.closest("[data-column]");
  if (!column) return;
  // A second key may come before the column is fetched again: the card itself knows at once where it stands.
  card.dataset.phase = column.dataset.column;
  const place = [...column.querySelectorAll("[data-card]")].indexOf(card) + 1;
  announce(fill(words().wordMoved, { card: number, column: column.dataset.name, place }));
  card.classList.add("is-moved");
  card.addEventListener("animationend", () => card.classList.remove("is-moved"), { once: true });
}

// Remembers where a card stands and returns the way back.
export function placeOf(card) {
  const list = card.parentElement;
  const next = card.nextElementSibling;
  return () => list.insertBefore(card, next?.parentElement === list ? next : null);
}

export function toPhase(card, phase, options = {}) {
  const list = document.querySelector(`[data-cards="${phase}"]`);
  if (!list || !mayWrite()) return;
  const back = placeOf(card);
  list.prepend(card);
  stay(card);
  return settle(card, back, { focus: true, ...options });
}

export function shift(card, step) {
  const other = step < 0 ? cardBefore(card) : cardAfter(card);
  if (!other || !mayWrite()) return;
  const back = placeOf(card);
  if (step < 0) other.before(card);
  else other.after(card);
  card.querySelector(".card-title a")?.focus();
  return settle(card, back, { focus: true });
}
