// The customer's questions, one at a time on a phone. Without this module all of them stand on one page.
// A tap on an answer goes on by itself; with a keyboard or a screen reader the button does, and the focus follows.
const form = document.querySelector("[data-steps]");
const phone = matchMedia("(max-width: 40rem)");
const steps = form ? [...form.querySelectorAll("[data-step]")] : [];
let now = 0;
let tapped = -Infinity;

const isAnswered = (step) => !step.hasAttribute("data-tap") || step.querySelector("input:checked") !== null;
const need = (step, wanted) => {
  const line = step.querySelector(".step-need");
  if (!line) return;
  line.hidden = !wanted;
  const group = step.querySelector("fieldset");
  // Said aloud by itself, and again by who comes back to the question.
  for (const [name, value] of [["aria-invalid", "true"], ["aria-describedby", line.id]]) {
    if (wanted) group.setAttribute(name, value);
    else group.removeAttribute(name);
  }
};

function show({ focus = false, byHand = false } = {}) {
  const stepping = phone.matches;
  form.classList.toggle("is-stepping", stepping);
  form.classList.toggle("is-further", stepping && now > 0);
  for (const [n, step] of steps.entries()) step.hidden = stepping && n !== now;
  const count = form.querySelector(".step-count");
  count.hidden = !stepping;
  count.textContent = count.dataset.countWords.replace("{n}", now + 1).replace("{total}", steps.length);
  form.querySelector(".step-ways").hidden = !stepping;
  form.querySelector("[data-step-back]").hidden = now === 0;
  form.querySelector("[data-step-next]").hidden = now === steps.length - 1;
  if (!focus) return;
  // After a tap no field takes the focus: on a phone its keyboard would cover the question.
  // The group rather than its box: that one has the question as its name.
  const group = steps[now].querySelector(":scope > fieldset:first-child") ?? steps[now];
  const target = byHand ? group : steps[now].querySelector("input:checked, input, textarea");
  target.tabIndex = byHand ? -1 : 0;
  target.focus({ preventScroll: true });
  form.scrollIntoView({ block: "nearest" });
}

function go(by, byHand = false) {
  if (by > 0 && !isAnswered(steps[now])) {
    need(steps[now], true);
    steps[now].querySelector("input").focus();
    return;
  }
  need(steps[now], false);
  now = Math.min(Math.max(now + by, 0), steps.length - 1);
  show({ focus: true, byHand });
}

// What was refused is shown as a whole, with its errors.
if (form && !form.querySelector(".has-error")) {
  form.addEventListener("pointerdown", (event) => {
    if (event.target.closest(".choice")) tapped = event.timeStamp;
  });
  form.addEventListener("change", (event) => {
    const step = event.target.closest("[data-step]");
    need(step, false);
    const byHand = event.timeStamp - tapped < 1000;
    // A moment to see what was chosen, then the next question.
    if (phone.matches && byHand && step === steps[now] && step.hasAttribute("data-tap")) setTimeout(() => go(1, true), 220);
  });
  form.addEventListener("click", (event) => {
    if (event.target.closest("[data-step-back]")) go(-1);
    if (event.target.closest("[data-step-next]")) go(1);
  });
  form.addEventListener("submit", (event) => {
    // Enter in an earlier question is "next".
    if (!phone.matches || now === steps.length - 1) return;
    event.preventDefault();
    go(1);
  });
  phone.addEventListener("change", () => show());
  show();
}
