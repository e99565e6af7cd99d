// A title is changed where it stands: Enter keeps it, Escape puts back what was there. Without a script it is a sheet.
import { word } from "./live.js";
import { ask, mayWrite } from "./move.js";

let field = null;

// Nothing is swapped under a line that is being written.
export const isRenaming = () => field !== null;

// Of this card; without one, of the page.
export function rename(card) {
  if (card) return void (mayWrite() && begin(card.querySelector(".card-title"), card.dataset.moveUrl.replace(/moves$/, "title")));
  const pencil = document.querySelector("[data-title-edit]");
  if (pencil) begin(pencil.parentElement.querySelector("h1"), pencil.href);
}

function begin(place, url) {
  if (field) return;
  const shown = [...place.childNodes];
  const was = place.textContent.trim();
  field = document.createElement("input");
  Object.assign(field, { className: "field title-field", value: was, maxLength: 200, autocomplete: "off" });
  field.setAttribute("aria-label", word("wordTitle"));
  const edit = { place, url, shown, was, field, isSent: false };
  field.addEventListener("keydown", (event) => press(event, edit));
  field.addEventListener("blur", () => setTimeout(() => left(edit)));
  place.replaceChildren(field);
  field.focus();
  field.select();
}

function press(event, edit) {
  if (event.key !== "Enter" && event.key !== "Escape") return;
  event.preventDefault();
  event.stopPropagation();
  if (event.key === "Enter") keep(edit, true);
  else end(edit, true);
}

// Who clicks elsewhere means to keep what is written.
function left(edit) {
  if (field === edit.field && !edit.isSent && document.activeElement !== field) keep(edit, false);
}

async function keep(edit, stay) {
  const title = edit.field.value.trim().replace(/\s+/g, " ");
  if (edit.isSent) return;
  if (!title || title === edit.was) return end(edit, stay);
  edit.isSent = edit.field.readOnly = true;
  const status = await ask(edit.place, edit.url, { title, was: edit.was });
  edit.isSent = edit.field.readOnly = false;
  // No connection: it stays on the screen, and Enter tries again.
  if (status) end(edit, stay && status < 300);
}

// What the server answered stands there already; else what stood there before.
function end({ place, shown, field: own }, stay) {
  field = null;
  if (own.isConnected) place.replaceChildren(...shown);
  if (stay) (place.isConnected ? place.querySelector("a") : null)?.focus();
  if (stay && !place.querySelector("a")) document.querySelector("[data-title-edit]")?.focus();
  document.dispatchEvent(new CustomEvent("board:free"));
}

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-title-edit]") || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  rename();
});
