// The card's menu: every drag has a button, and the rest of what a card knows.
import { find, nextPhases, shift, toPhase } from "./move.js";
import { rename } from "./title.js";

let menu = null;
let button = null;
const items = () => [...menu.querySelectorAll("[role=menuitem]:not([aria-disabled=true])")];

export function openMenu(trigger) {
  closeMenu();
  const card = trigger.closest("[data-card]");
  const template = document.getElementById("card-menu");
  if (!card || !template) return;
  button = trigger;
  menu = template.content.firstElementChild.cloneNode(true);
  menu.dataset.for = card.dataset.card;
  describe(card);
  (document.querySelector("main") ?? document.body).append(menu);
  menu.showPopover?.();
  put(trigger);
  trigger.setAttribute("aria-expanded", "true");
  items()[0].focus();
}

function describe(card) {
  const text = (selector) => card.querySelector(selector)?.textContent.trim() ?? "";
  menu.querySelector("[data-menu-title]").textContent = `${card.dataset.number} ${text(".card-title")}`;
  menu.querySelector("[data-menu-facts]").textContent = [
    card.querySelector(".card-foot abbr")?.title, text(".due"), text(".card-frozen"), age(card), text(".card-age .why-pop"),
  ].filter(Boolean).join(" · ");
  menu.setAttribute("aria-label", button.getAttribute("aria-label"));
  menu.querySelector("[data-menu-open]").href = card.querySelector(".card-title a").href;
  const allowed = nextPhases(card.dataset.phase);
  for (const item of menu.querySelectorAll("[data-to]")) item.hidden = !allowed.includes(item.dataset.to);
  for (const item of menu.querySelectorAll("[hidden]")) item.remove();
}

// Its explanation stands inside the age, and is a fact of its own here.
function age(card) {
  const parts = [...(card.querySelector(".card-age")?.childNodes ?? [])];
  return parts.filter((part) => !part.classList?.contains("why-pop")).map((part) => part.textContent).join("").trim();
}

function put(trigger) {
  const at = trigger.getBoundingClientRect();
  const size = menu.getBoundingClientRect();
  const left = Math.min(Math.max(8, at.right - size.width), innerWidth - size.width - 8);
  const below = at.bottom + 4 + size.height < innerHeight;
  menu.style.left = `${left}px`;
  menu.style.top = `${Math.max(8, below ? at.bottom + 4 : at.top - size.height - 4)}px`;
}

export function closeMenu({ focus = false } = {}) {
  if (!menu) return;
  menu.remove();
  menu = null;
  button?.setAttribute("aria-expanded", "false");
  if (focus && button?.isConnected) button.closest("[data-card]").querySelector(".card-title a").focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const trigger = event.target.closest?.("[data-menu]");
  if (trigger) {
    event.preventDefault();
    if (menu && button === trigger) closeMenu({ focus: true });
    else openMenu(trigger);
    return;
  }
  if (!menu) return;
  const item = event.target.closest?.("[role=menuitem]");
  if (!item || !menu.contains(item)) return closeMenu();
  const card = find(menu.dataset.for);
  closeMenu();
  if (item.dataset.to) toPhase(card, item.dataset.to);
  else if (item.dataset.shift) shift(card, Number(item.dataset.shift));
  else if ("rename" in item.dataset) rename(card);
});

document.addEventListener(
  "keydown",
  (event) => {
    if (!menu) return;
    const list = items();
    const at = list.indexOf(document.activeElement);
    const go = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: list.length - 1 }[event.key];
    if (go !== undefined) list.at(go % list.length).focus();
    else if (event.key === "Escape") closeMenu({ focus: true });
    else if (event.key === "Tab") return closeMenu({ focus: true });
    else if (/^[\p{L}]$/u.test(event.key)) list.find((item) => item.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);
// Who stands in it gets the card back, not the top of the page.
for (const name of ["scroll", "resize"]) addEventListener(name, () => menu && closeMenu({ focus: menu.contains(document.activeElement) }), { passive: true });
