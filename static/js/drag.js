// Dragging: the look of it is CSS, the order is the server's, and Escape puts the card back.
import { isLifted } from "./lift.js";
import { announce, fill } from "./live.js";
import { mayWrite, placeOf, settle, words } from "./move.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const attached = new WeakSet();
let drag = null;

// In the hand, by mouse, finger or key.
export const isDragging = () => drag !== null || isLifted();

function attach(list) {
  if (attached.has(list)) return;
  attached.add(list);
  window.Sortable.create(list, {
    group: "cards",
    draggable: "[data-card]",
    filter: ".card-acts, .card-more, .has-why, .card-pick, .title-field",
    preventOnFilter: false,
    animation: calm.matches ? 0 : 140,
    forceFallback: true,
    fallbackOnBody: true,
    fallbackTolerance: 4,
    fallbackClass: "is-lifted",
    ghostClass: "is-ghost",
    delay: 180,
    delayOnTouchOnly: true,
    touchStartThreshold: 6,
    emptyInsertThreshold: 48,
    scrollSensitivity: 72,
    bubbleScroll: true,
    onStart: ({ item }) => start(item),
    onChange: ({ item, to }) => over(item, to),
    onEnd: ({ item }) => end(item),
  });
}

function start(card) {
  drag = { card, back: drag?.back ?? placeOf(card), home: card.parentElement, next: card.nextElementSibling, cancelled: false };
  document.documentElement.classList.add("is-dragging");
  over(card, card.parentElement);
}

// Says in the empty place what dropping here will ask.
function over(card, list) {
  document.querySelectorAll(".column.is-target").forEach((column) => column.classList.remove("is-target"));
  list.closest(".column")?.classList.add("is-target");
  const { wordDrop, wordThenOne, wordThenMany } = words();
  const missing = Number(card.dataset.missing);
  const asks = list.dataset.cards !== card.dataset.phase && missing > 0;
  card.dataset.drop = asks ? `${wordDrop}\n${fill(missing === 1 ? wordThenOne : wordThenMany, { n: missing })}` : wordDrop;
}

function end(card) {
  const { back, home, next, cancelled } = drag;
  drag = null;
  document.documentElement.classList.remove("is-dragging");
  document.querySelectorAll(".column.is-target").forEach((column) => column.classList.remove("is-target"));
  delete card.dataset.drop;
  if (cancelled) {
    back();
    announce(fill(words().wordBack, { card: card.dataset.number }));
  } else if (card.parentElement !== home || card.nextElementSibling !== next) {
    settle(card, back);
  }
  document.dispatchEvent(new CustomEvent("board:free"));
}

document.addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Escape" || !drag) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    drag.cancelled = true;
    for (const name of ["pointerup", "mouseup", "touchend"]) document.dispatchEvent(new Event(name, { bubbles: true }));
  },
  true,
);

// A refresh while a card is in the hand would drop it.
document.addEventListener("htmx:before:request", (event) => {
  if (drag && !event.detail.ctx.askToken) event.preventDefault();
});

// What the drag leaves behind in style attributes may not be copied by a swap: the page allows none in its text.
document.addEventListener("htmx:before:swap", () => {
  document.querySelectorAll("[data-card][style]").forEach((card) => card.removeAttribute("style"));
});

function attachAll() {
  if (!window.Sortable || !mayWrite()) return;
  document.querySelectorAll("[data-board] [data-cards]").forEach(attach);
}
document.addEventListener("htmx:after:swap", attachAll);
document.addEventListener("board:changed", attachAll);
document.addEventListener("DOMContentLoaded", attachAll);
attachAll();
