// A card tells more when the mouse rests on it, the keyboard stands on it or a finger stays on it. Escape ends it.
import { isDragging } from "./drag.js";
import { isOpen } from "./sheet.js";

const MOUSE_MS = 650;
const KEY_MS = 900;
const FINGER_MS = 550;
const GRACE_MS = 180;
const KEPT = 60;
// By the name of what the card shows: a card that changed is asked for again. Nothing stays after the page is left.
const kept = new Map();
let pop = null;
let shown = null;
let waiting = 0;
let leaving = 0;
let finger = null;

const cardOf = (node) => node?.closest?.("[data-board] [data-card]");
const isBusy = () => isDragging() || isOpen() || Boolean(document.querySelector(".card-menu, details[data-popup][open]"));

async function ask(card) {
  const key = `${card.dataset.card} ${card.dataset.etag}`;
  if (kept.has(key)) return kept.get(key);
  const answer = await fetch(`/items/${card.dataset.card}/peek`, { headers: { "HX-Request": "true" } });
  if (!answer.ok || answer.headers.get("HX-Redirect")) return "";
  const html = await answer.text();
  if (kept.size >= KEPT) kept.delete(kept.keys().next().value);
  kept.set(key, html);
  return html;
}

function later(card, ms) {
  clearTimeout(waiting);
  clearTimeout(leaving);
  if (!card || card === shown) return;
  waiting = setTimeout(() => show(card).catch(() => {}), ms);
}

async function show(card) {
  if (isBusy() || !card.isConnected) return;
  const mine = ++show.count;
  const html = await ask(card);
  if (mine !== show.count || !html || isBusy() || !card.isConnected) return;
  hide();
  pop = document.createElement("div");
  pop.className = "peek";
  pop.id = "peek";
  pop.setAttribute("role", "tooltip");
  pop.popover = "manual";
  pop.innerHTML = html;
  document.querySelector("main").append(pop);
  pop.showPopover?.();
  place(card);
  shown = card;
  card.querySelector(".card-title a").setAttribute("aria-describedby", "peek");
}
show.count = 0;

// Beside the card where there is room, else below or above it: never over what it explains.
function place(card) {
  const at = card.getBoundingClientRect();
  const size = pop.getBoundingClientRect();
  const right = at.right + 14;
  const left = at.left - size.width - 14;
  const beside = right + size.width < innerWidth - 8 ? right : left > 8 ? left : null;
  const low = innerHeight - size.height - 8;
  pop.style.left = `${beside ?? Math.max(8, Math.min(at.left, innerWidth - size.width - 8))}px`;
  const below = at.bottom + 8 <= low ? at.bottom + 8 : Math.max(8, at.top - size.height - 8);
  pop.style.top = `${beside === null ? below : Math.max(8, Math.min(at.top, low))}px`;
}

function hide() {
  clearTimeout(waiting);
  clearTimeout(leaving);
  shown?.querySelector(".card-title a")?.removeAttribute("aria-describedby");
  pop?.remove();
  pop = shown = null;
}

function end() {
  show.count += 1;
  hide();
}

document.addEventListener("pointerover", ({ target, pointerType }) => {
  if (pointerType !== "mouse") return;
  // The way from the card to its words is no leaving.
  if (pop?.contains(target)) return clearTimeout(leaving);
  const card = cardOf(target);
  if (card) later(card, MOUSE_MS);
  else clearTimeout(waiting);
  if (shown && card !== shown) leaving = setTimeout(end, GRACE_MS);
});
document.addEventListener("focusin", ({ target }) => {
  // A finger that lets go gives the link the focus, just before the click that must not open it.
  if (finger) return;
  const card = target.matches?.(".card-title a:focus-visible") && cardOf(target);
  if (shown && card !== shown) end();
  if (card) later(card, KEY_MS);
  else clearTimeout(waiting);
});
document.addEventListener(
  "keydown",
  (event) => {
    finger = null;
    if (event.key === "Escape" && shown) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
    if (!["Shift", "Control", "Alt", "Meta"].includes(event.key)) end();
  },
  true,
);

// A finger that stays; one that moves drags or scrolls.
document.addEventListener("pointerdown", (event) => {
  if (pop?.contains(event.target)) return;
  end();
  const card = event.pointerType === "touch" && !event.target.closest(".card-pick, .card-more, .card-acts") && cardOf(event.target);
  finger = card ? { card, x: event.clientX, y: event.clientY, held: false } : null;
  if (card) later(card, FINGER_MS);
});
document.addEventListener("pointermove", ({ clientX, clientY }) => {
  if (!finger || Math.hypot(clientX - finger.x, clientY - finger.y) < 8) return;
  finger = null;
  end();
});
document.addEventListener("contextmenu", (event) => finger && event.preventDefault());
document.addEventListener(
  "click",
  (event) => {
    if (finger && shown === finger.card && finger.card.contains(event.target)) {
      event.preventDefault();
      event.stopPropagation();
    }
    finger = null;
  },
  true,
);
for (const name of ["scroll", "resize"]) addEventListener(name, () => shown && end(), { passive: true });
document.addEventListener("board:changed", () => shown && !shown.isConnected && end());
