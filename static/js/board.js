// The board keeps itself up to date: it says what it shows, and gets only what differs.
import { isDragging } from "./drag.js";
import { find, isMoving } from "./move.js";
import { isOpen } from "./sheet.js";
import { isRenaming } from "./title.js";

const board = () => document.querySelector("[data-board]");
const columns = () => [...document.querySelectorAll("[data-column][data-print]")];
const AT_ONCE = 200;
const wanted = new Set();
let headPrint = "";
let isBusy = false;
let isWaiting = false;

// Nothing is swapped under a hand, an open form or a move that is not answered yet.
const isHeld = () => isBusy || isDragging() || isMoving() || isOpen() || isRenaming();

// Fetches what changed and puts it in its place. `ids`: cards that surely did. Throws when nothing answers.
export async function refresh(ids = []) {
  for (const id of ids) wanted.add(String(id));
  if (!board()) return;
  if (isHeld()) {
    isWaiting = true;
    return;
  }
  isBusy = true;
  isWaiting = false;
  try {
    await fetchChanges(board());
  } finally {
    isBusy = false;
  }
  if (isWaiting) await refresh();
}

function resume() {
  if (isWaiting && !isHeld()) refresh().catch(() => {});
}

async function fetchChanges(root) {
  const own = [...wanted];
  wanted.clear();
  const have = columns().map((column) => `${column.dataset.column}:${column.dataset.print}`).join();
  const found = await get(root.dataset.changesUrl, { have, head: headPrint, want: own.join() });
  const cards = parsed(found.cards ?? []);
  const lacking = lacks(found.columns, cards);
  for (let at = 0; at < lacking.length; at += AT_ONCE) {
    const some = await get(root.dataset.cardsUrl, { ids: lacking.slice(at, at + AT_ONCE).join() });
    for (const [id, card] of parsed(some.cards)) cards.set(id, card);
  }
  // While it was fetched somebody may have taken a card in the hand.
  if (isDragging() || isMoving() || isOpen() || isRenaming()) {
    own.forEach((id) => wanted.add(id));
    isWaiting = true;
    return;
  }
  put(found, cards, new Set(own));
}

async function get(address, values) {
  const url = new URL(address, location.href);
  for (const [name, value] of Object.entries(values)) if (value) url.searchParams.set(name, value);
  const answer = await fetch(url, { headers: { Accept: "application/json", "HX-Request": "true", "HX-Current-URL": location.href } });
  const door = answer.headers.get("HX-Redirect");
  if (door) location.assign(door);
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

function parsed(list) {
  return new Map(list.map((html) => fragment(html).firstElementChild).map((card) => [card.dataset.card, card]));
}

function lacks(changed, cards) {
  const lists = Object.values(changed).map((column) => column.cards ?? []);
  return lists.flat().filter(([id, etag]) => !cards.has(String(id)) && find(id)?.dataset.etag !== etag).map(([id]) => id);
}

// --- putting it in its place -----------------------------------------------------------------------------

function put(found, cards, own) {
  const focused = document.activeElement?.closest?.("[data-card]");
  const column = focused?.closest("[data-column]").id;
  const back = focused && { id: focused.dataset.card, was: document.activeElement };
  for (const [phase, column] of Object.entries(found.columns)) putColumn(phase, column, cards, own, focused);
  if (found.print) putHead(found);
  if (back && document.activeElement !== back.was) {
    const stop = back.was.isConnected ? back.was : find(back.id)?.querySelector(".card-title a");
    // It went where its cards are not shown.
    (stop ?? document.querySelector(`#${column} :is(.card-title a, [data-fold], a)`))?.focus({ preventScroll: true });
  }
  document.dispatchEvent(new CustomEvent("board:changed"));
}

function putColumn(phase, { print, parts, cards: order, whole }, cards, own, focused) {
  const section = document.getElementById(`column-${phase}`);
  if (!section) return;
  // Unfolded in another window: a strip has no place for cards.
  if (whole === undefined && section.matches(".strip")) return location.reload();
  if (whole !== undefined) {
    const fresh = fragment(whole).firstElementChild;
    const line = section.querySelector("#capture-line");
    if (line && fresh.querySelector("#capture-line")) fresh.querySelector("#capture-line").value = line.value;
    section.replaceWith(fresh);
    window.htmx.process(fresh);
    return;
  }
  const isWhole = putCards(section.querySelector(":scope > [data-cards]"), order, cards, own, focused);
  for (const [name, html] of Object.entries(parts)) putPart(section.querySelector(`[data-part="${name}"]`), html);
  // A card that somebody stands on was left as it is: ask for it again later.
  section.dataset.print = isWhole ? print : "";
}

function putPart(part, html) {
  const fresh = fragment(html).firstElementChild;
  if (part.contains(document.activeElement) || part.isEqualNode(fresh)) return;
  part.replaceWith(fresh);
  window.htmx.process(fresh);
}

function putCards(list, order, cards, own, focused) {
  const names = new Set(order.map(([id]) => `card-${id}`));
  let isWhole = true;
  for (const card of [...list.children]) if (!names.has(card.id)) card.remove();
  let next = list.firstElementChild;
  for (const [number, etag] of order) {
    const id = String(number);
    let card = find(id);
    if (card?.dataset.etag !== etag && cards.has(id)) {
      if (card && card === focused && !own.has(id) && card.parentElement === list) isWhole = false;
      else card = renew(card, cards.get(id), own.has(id));
      if (!next?.isConnected) next = card?.parentElement === list ? card : null;
    }
    if (!card) continue;
    if (card === next) next = next.nextElementSibling;
    else list.insertBefore(card, next);
  }
  return isWhole;
}

function renew(card, fresh, isOwn) {
  if (card) card.replaceWith(fresh);
  window.htmx.process(fresh);
  if (card && !isOwn) {
    fresh.classList.add("is-moved");
    fresh.addEventListener("animationend", () => fresh.classList.remove("is-moved"), { once: true });
  }
  return fresh;
}

function putHead({ head, closed, print }) {
  const old = document.getElementById("board-head");
  const isUsed = old.contains(document.activeElement) || old.querySelector("details[open]");
  if (!isUsed) {
    const here = old.querySelector("[data-tabs] [aria-current]")?.hash;
    const fresh = fragment(head).firstElementChild;
    for (const tab of fresh.querySelectorAll("[data-tabs] a")) {
      if (tab.hash === here) tab.setAttribute("aria-current", "true");
      else tab.removeAttribute("aria-current");
    }
    old.replaceWith(fresh);
    window.htmx.process(fresh);
  }
  const strip = document.getElementById("column-closed");
  if (!strip.contains(document.activeElement)) {
    const fresh = fragment(closed).firstElementChild;
    strip.replaceWith(fresh);
    window.htmx.process(fresh);
  }
  headPrint = isUsed ? "" : print;
}

// --- when ------------------------------------------------------------------------------------------------

// An act on an item says so: HX-Trigger {"item:changed": {"item": 198, "phases": "plan,do"}}.
document.addEventListener("item:changed", ({ detail }) => refresh([detail.item]).catch(() => {}));
document.addEventListener("board:free", resume);
document.addEventListener("close", () => setTimeout(resume), true);
document.addEventListener("focusout", ({ target }) => {
  if (!target.closest?.("[data-card]") || columns().every((column) => column.dataset.print)) return;
  setTimeout(() => refresh().catch(() => {}), 300);
});
