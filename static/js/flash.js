import { announce } from "./live.js";

// What just happened leaves by itself; what went wrong waits until it is read.
const STAYS_MS = 7000;
// Time to read it and to change one's mind.
const UNDO_STAYS_MS = 20000;
const region = () => document.getElementById("flash");

export function flash(text, category = "message") {
  if (!text || !region()) return;
  const line = document.createElement("div");
  line.className = `flash is-${category}`;
  line.dataset.flash = "";
  const words = document.createElement("p");
  words.textContent = text;
  line.append(words);
  region().append(line);
  if (category !== "error") leaveLater(line);
  else line.addEventListener("click", () => leave(line));
}

function leave(line) {
  line.classList.add("is-leaving");
  setTimeout(() => line.remove(), 260);
}

function leaveLater(line) {
  setTimeout(() => {
    if (line.matches(":hover, :focus-within")) leaveLater(line);
    else leave(line);
  }, line.matches(".is-undo") ? UNDO_STAYS_MS : STAYS_MS);
}

function settle() {
  for (const line of document.querySelectorAll("#flash > :not([data-seen])")) {
    line.dataset.seen = "";
    if (!line.matches(".is-error, .is-warning")) leaveLater(line);
  }
}

document.addEventListener("click", ({ target }) => {
  const line = target.closest?.("[data-dismiss]")?.closest("[data-flash]") ?? target.closest?.("[data-moment]");
  if (line) leave(line);
});
document.addEventListener("htmx:after:swap", settle);
settle();
// A region that is filled before the page stands is not read aloud: nothing in it changed.
announce([...document.querySelectorAll("#flash p")].map((words) => words.textContent.trim()).join(" "));
