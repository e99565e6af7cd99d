// Capture is one line and Enter; the line is always ready for the next one.
const line = () => document.getElementById("capture-line");

export function capture() {
  const field = line();
  if (field) {
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
// Written down: the line is empty and ready for the next one.
document.addEventListener("htmx:after:request", ({ detail }) => {
  const { ctx } = detail;
  if (ctx.sourceElement?.matches?.("[data-capture]") && ctx.response.status < 300) line().value = "";
});
if (location.hash === "#capture") capture();
