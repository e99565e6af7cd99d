// Single keys, for who wants them: they can be turned off, and never fire while you type.
import { capture } from "./capture.js";
import { isDragging } from "./drag.js";
import { openMenu } from "./menu.js";
import { nextPhases, shift, toPhase } from "./move.js";
import { isPicking, stop, toBar, toggle } from "./several.js";
import { isOpen, open } from "./sheet.js";
import { rename } from "./title.js";

const ORDER = ["new", "plan", "do", "check", "act", "closed"];
const OFF = "keys-off";
let waitsForColumn = false;

const isOff = () => localStorage.getItem(OFF) === "yes";
const focusedCard = () => document.activeElement?.closest?.("[data-card]");
const columns = () => [...document.querySelectorAll("[data-column]")];
// A parked card in a folded list cannot be walked to.
const cardsIn = (column) => [...(column?.querySelectorAll("[data-card]:not(details:not([open]) *)") ?? [])];

function focusCard(card) {
  if (!card) return false;
  card.querySelector(".card-title a").focus();
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
  return true;
}

// Up and down within a column, left and right to the same height in the next one that has cards.
function walk(card, dx, dy) {
  if (!card) return focusCard(document.querySelector("[data-card]"));
  const column = card.closest("[data-column]");
  const place = cardsIn(column).indexOf(card);
  if (dy) return focusCard(cardsIn(column).at(Math.max(0, place + dy)) ?? cardsIn(column).at(-1));
  const all = columns();
  for (let i = all.indexOf(column) + dx; all[i]; i += dx) {
    const cards = cardsIn(all[i]);
    if (cards.length) return focusCard(cards[Math.min(place, cards.length - 1)]);
  }
  return true;
}

function phaseStep(card, step) {
  const phase = card.dataset.phase;
  const to = ORDER[ORDER.indexOf(phase) + step];
  if (nextPhases(phase).includes(to)) toPhase(card, to);
}

function toColumn(letter) {
  const column = columns().find((one) => one.dataset.name?.toLowerCase().startsWith(letter));
  if (!column) return;
  column.scrollIntoView({ block: "nearest", inline: "start" });
  if (!focusCard(cardsIn(column)[0])) column.querySelector("a, button, input:not([type=hidden])")?.focus();
}

function show(id) {
  const template = document.getElementById(id);
  if (!template || isOpen()) return null;
  const dialog = template.content.firstElementChild.cloneNode(true);
  document.getElementById("sheet").replaceChildren(dialog);
  window.htmx.process(dialog);
  open(dialog);
  return dialog;
}

export function help() {
  const dialog = show("keys-help");
  if (dialog) dialog.querySelector("[data-keys-on]").checked = !isOff();
}

// Arrow keys walk from the line into what was found and back.
document.addEventListener("keydown", (event) => {
  const palette = event.target.closest?.(".palette");
  if (!palette || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  const stops = [palette.querySelector("input"), ...palette.querySelectorAll(".found a")];
  const at = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
  stops.at(at % stops.length).focus();
  event.preventDefault();
});

const KEYS = {
  c: () => capture(),
  f: () => document.querySelector("[data-filters] a, [data-find]")?.focus(),
  k: () => show("palette"),
  "?": () => help(),
  n: () => (waitsForColumn = columns().length > 0),
  u: () => document.querySelector("#flash [data-undo]")?.click(),
  x: (card) => toggle(card),
  b: () => toBar(),
  m: (card) => card && openMenu(card.querySelector("[data-menu]")),
  e: (card) => rename(card),
  "[": (card) => card && phaseStep(card, -1),
  "]": (card) => card && phaseStep(card, 1),
};
const ARROWS = {
  ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0], Home: [0, -Infinity], End: [0, Infinity],
};

function isTyping(target) {
  return target.closest?.("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable], [role=menu]");
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || isTyping(event.target) || isOpen() || isDragging()) return;
  const card = focusedCard();
  const arrow = ARROWS[event.key];
  if (arrow && document.querySelector("[data-board]")) {
    // Without a card under the keys, Home and End are the page's own.
    if (!card && (event.target !== document.body || !Number.isFinite(arrow[1]))) return;
    event.preventDefault();
    if (event.altKey && card) return void (arrow[1] ? Number.isFinite(arrow[1]) && shift(card, arrow[1]) : phaseStep(card, arrow[0]));
    return void walk(card, ...arrow);
  }
  if (event.key === "Escape" && isPicking() && !document.querySelector("details[data-popup][open]")) return void stop();
  if (event.altKey || isOff()) return;
  if (waitsForColumn) {
    waitsForColumn = false;
    // Tab and Escape mean what they always mean.
    if (event.key.length > 1) return;
    event.preventDefault();
    return toColumn(event.key.toLowerCase());
  }
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act(card);
});

document.addEventListener("click", ({ target }) => {
  if (target.closest?.("[data-keys-help]")) help();
  if (target.closest?.("[data-palette]")) show("palette");
});
document.addEventListener("change", ({ target }) => {
  if (target.matches?.("[data-keys-on]")) localStorage.setItem(OFF, target.checked ? "no" : "yes");
});
