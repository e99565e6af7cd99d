// A small <details> popup closes when you look elsewhere.
const open = () => document.querySelectorAll("details[data-popup][open]");

document.addEventListener("click", (event) => {
  for (const details of open()) if (!details.contains(event.target)) details.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const details of open()) {
    details.open = false;
    details.querySelector("summary").focus();
  }
});
document.addEventListener("focusout", ({ target, relatedTarget }) => {
  const details = target.closest?.("details[data-popup][open]");
  if (details && relatedTarget && !details.contains(relatedTarget)) details.open = false;
});

// One tap that cannot be taken back asks first.
document.addEventListener(
  "submit",
  (event) => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  },
  true,
);
document.addEventListener("change", ({ target }) => {
  const form = target.closest?.("form[data-autosubmit]");
  if (form) form.requestSubmit();
});
document.addEventListener("click", async ({ target }) => {
  const button = target.closest?.("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.classList.add("is-copied");
});
