// An explanation on hover and focus (CSS), and on a tap or long press here; it never leaves the window.
function place(button) {
  const pop = button.querySelector(".why-pop");
  if (!pop) return;
  pop.style.translate = "";
  const box = pop.getBoundingClientRect();
  const room = document.documentElement.clientWidth - 8;
  const shift = box.right > room ? room - box.right : box.left < 8 ? 8 - box.left : 0;
  if (shift) pop.style.translate = `${shift}px 0`;
}

for (const event of ["mouseover", "focusin"]) {
  document.addEventListener(event, ({ target }) => {
    const button = target.closest?.("[data-why]");
    if (button) place(button);
  });
}
document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-why]");
  document.querySelectorAll(".has-why.is-shown").forEach((other) => other !== button && other.classList.remove("is-shown"));
  button?.classList.toggle("is-shown");
});
document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape") document.querySelectorAll(".has-why.is-shown").forEach((button) => button.classList.remove("is-shown"));
});
