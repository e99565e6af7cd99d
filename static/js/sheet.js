// The side sheet: a fragment that arrives in #sheet is opened as a modal dialog; closing it puts the focus back.
import { again, markOf } from "./keep.js";
import { word } from "./live.js";
import { flash } from "./flash.js";

const host = () => document.getElementById("sheet");
const dialogIn = (node) => node?.querySelector("dialog[data-sheet]");
const touch = matchMedia("(pointer: coarse)");
// What was typed in a sheet that was put back, by where it would have gone: one slip on Escape loses no work.
const typed = new Map();
let opener = null;
let way = null;
let asked = null;

export const isOpen = () => Boolean(document.querySelector("dialog[data-sheet][open]"));

export function open(dialog, { again = false } = {}) {
  dialog.classList.toggle("is-again", again);
  dialog.showModal();
  if (!again) bringBack(dialog);
  raise(dialog.dataset.card);
  dialog.dispatchEvent(new CustomEvent("sheet:open", { bubbles: true }));
  firstStop(dialog)?.focus();
}

function firstStop(dialog) {
  const summary = dialog.querySelector("[data-error-summary]");
  if (summary) return summary;
  const marked = dialog.querySelector("[autofocus]");
  if (marked) return marked;
  const field = dialog.querySelector("[data-question]:not(.is-answered) :is(input, textarea, select):not([type=hidden])");
  // A keyboard that jumps up over the first question helps nobody on a phone.
  return touch.matches || !field ? dialog.querySelector("h1") : field;
}

// The card that asks stays visible above the scrim.
function raise(id) {
  lower();
  asked = id ? document.getElementById(`card-${id}`) : null;
  if (!asked) return;
  asked.classList.add("is-asked");
  asked.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function lower() {
  document.querySelectorAll(".card.is-asked").forEach((card) => card.classList.remove("is-asked"));
}

function closed() {
  const card = asked?.id;
  lower();
  asked = null;
  // A phase that was chosen and not gone to is not where the card stands.
  const line = document.querySelector("form.phase-line");
  line?.reset();
  if (line?.contains(opener)) opener = line.querySelector(":checked") ?? opener;
  const known = opener?.isConnected && opener !== document.body;
  const back = known ? opener : card && document.querySelector(`#${card} .card-title a`);
  // What opened it may have come anew with what was done.
  if (!back && way) again(way);
  opener = way = null;
  back?.focus();
}

document.addEventListener("htmx:before:request", ({ detail }) => {
  const { ctx } = detail;
  if (ctx.target === host() && !host().contains(ctx.sourceElement)) {
    opener = document.activeElement;
    way = opener && opener !== document.body ? markOf(opener) : null;
  }
});

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  const refused = (ctx.response?.status ?? 0) >= 400;
  // A page that breaks must never land inside the page that stands.
  if (refused && ctx.target === host() && !/data-sheet|hx-swap-oob/.test(ctx.text)) {
    event.preventDefault();
    flash(word("wordOops"), "error");
  }
});

document.addEventListener("htmx:after:swap", ({ detail }) => {
  const { ctx } = detail;
  if (ctx.target !== host()) return;
  const dialog = dialogIn(host());
  if (!dialog) return closed();
  if (!dialog.open) return open(dialog, { again: ctx.request.method !== "GET" && Boolean(asked) });
  // Only out-of-band regions came back: the act is done.
  if (ctx.response.status < 300 && ctx.sourceElement.matches?.(".sheet-form")) {
    dialog.dataset.done = "";
    dialog.close();
  }
});

// A line that is being written down says so itself: it is kept.
document.addEventListener("htmx:error", ({ detail }) => {
  if (!detail.ctx?.sourceElement?.closest?.("[data-capture]")) flash(word("wordOffline"), "error");
});

document.addEventListener("click", (event) => {
  const dialog = event.target.closest?.("dialog[data-sheet]");
  if (!dialog) return;
  const beside = event.target === dialog && event.clientX < dialog.getBoundingClientRect().left;
  if (event.target.closest("[data-close]") || (beside && !isChanged(dialog))) {
    event.preventDefault();
    dialog.close();
  }
});

const fieldsOf = (dialog) => [...dialog.querySelectorAll("input:not([type=hidden]):not([type=file]), textarea, select")];
const isTick = (field) => /radio|checkbox/.test(field.type);

function isOther(field) {
  if (isTick(field)) return field.checked !== field.defaultChecked;
  return field.tagName === "SELECT" ? !field.selectedOptions[0]?.defaultSelected && field.selectedIndex > 0 : field.value !== field.defaultValue;
}

const isChanged = (dialog) => fieldsOf(dialog).some(isOther);
const placeIn = (dialog) => dialog.querySelector("form.sheet-form")?.getAttribute("action");

function keepTyped(dialog) {
  const place = placeIn(dialog);
  if (!place) return;
  if ("done" in dialog.dataset) typed.delete(place);
  else typed.set(place, fieldsOf(dialog).filter(isOther).map(({ name, type, value, checked }) => ({ name, type, value, checked })));
}

function bringBack(dialog) {
  const fields = fieldsOf(dialog);
  for (const { name, type, value, checked } of typed.get(placeIn(dialog)) ?? []) {
    const field = fields.find((one) => one.name === name && one.type === type && (!isTick(one) || one.value === value));
    if (!field) continue;
    if (isTick(field)) field.checked = checked;
    else field.value = value;
  }
}

document.addEventListener(
  "close",
  ({ target }) => {
    if (!target.matches?.("dialog[data-sheet]")) return;
    keepTyped(target);
    target.remove();
    closed();
  },
  true,
);
