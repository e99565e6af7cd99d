// Capture is one line and Enter; the line is always ready for the next one.
const line = () => document.getElementById("capture-line");
let from = null;

export function capture() {
  const field = line();
  if (field) {
    if (document.activeElement !== field) from = document.activeElement?.closest("[data-card]")?.id;
    field.scrollIntoView({ block: "center", inline: "start" });
    field.focus();
    return;
  }
  (document.querySelector("#column-new.strip [data-fold]") ?? document.querySelector("a[data-new]"))?.click();
}

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("a[data-new]") || !line()) return;
  event.preventDefault();
  capture();
});
// Escape leaves the line; what was typed stays. Back to the card one came from, else to the first.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || event.target !== line()) return;
  const card = (from && document.getElementById(from)) || document.querySelector("[data-board] [data-card]");
  from = null;
  if (card) card.querySelector(".card-title a").focus();
  else line().blur();
});
// Written down: the line is empty and ready for the next one.
document.addEventListener("htmx:after:request", ({ detail }) => {
  const { ctx } = detail;
  if (!ctx.sourceElement?.matches?.("[data-capture]") || ctx.response.status >= 300) return;
  line().value = "";
  document.getElementById("alike")?.replaceChildren();
});
// A late answer about a line that is gone would ask whether the new card is like itself.
document.addEventListener("htmx:before:swap", (event) => {
  if (event.detail.ctx.target?.id === "alike" && !line()?.value) event.preventDefault();
});
if (location.hash === "#capture") capture();
