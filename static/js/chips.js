// The gate counts along: which questions are answered, and what the button still misses.
import { fill } from "./live.js";

const FIELDS = "input:not([type=hidden]):not([type=radio]):not([type=checkbox]), textarea, select";

// Of some questions one of several inputs is enough.
function hasOneOf(question, names) {
  return names.some((name) =>
    [...question.querySelectorAll(`[name="${name}"]`)].some((field) =>
      /radio|checkbox/.test(field.type) ? field.checked : field.value.trim(),
    ),
  );
}

function isAnswered(question) {
  if (question.dataset.any) return hasOneOf(question, question.dataset.any.split(/[\s,]+/));
  const groups = [...question.querySelectorAll("fieldset")].filter((set) => set.querySelector("[type=radio]"));
  const chosen = groups.every((set) => {
    const radio = set.querySelector("[type=radio]:checked");
    if (!radio) return false;
    return !("other" in radio.dataset) || Boolean(set.querySelector(".other .field")?.value.trim());
  });
  const typed = [...question.querySelectorAll(FIELDS)]
    .filter((field) => !("optional" in field.dataset) && !field.closest(".other"))
    .every((field) => field.value.trim());
  return chosen && typed;
}

export function count(form) {
  const questions = [...form.querySelectorAll("[data-question]")];
  if (!questions.length) return;
  let done = 0;
  for (const question of questions) {
    const answered = isAnswered(question);
    question.classList.toggle("is-answered", answered);
    done += answered;
  }
  showDots(form.querySelector("[data-dots]"), done, questions.length);
  showButton(form.querySelector("[data-submit]"), questions.length - done);
}

function showDots(dots, done, total) {
  if (!dots) return;
  dots.querySelectorAll("i").forEach((dot, place) => dot.classList.toggle("on", place < done));
  dots.querySelector("[data-dots-words]").textContent = fill(dots.dataset.words, { done, total });
}

function showButton(button, left) {
  if (!button) return;
  const words = button.querySelector("[data-left]");
  button.classList.toggle("is-waiting", left > 0);
  words.hidden = left < 1;
  words.textContent = left < 1 ? "" : fill(left === 1 ? button.dataset.leftOne : button.dataset.leftMany, { n: left });
}

for (const event of ["input", "change"]) {
  document.addEventListener(event, ({ target }) => {
    const form = target.closest?.("form[data-count]");
    if (form) count(form);
  });
}
document.addEventListener("change", ({ target }) => {
  if (!("other" in (target.dataset ?? {})) || !target.checked) return;
  const field = target.closest("fieldset").querySelector(".other .field");
  field?.focus();
  if (field?.type === "date") field.showPicker?.();
});
document.addEventListener("sheet:open", ({ target }) => target.querySelectorAll("form[data-count]").forEach(count));
document.querySelectorAll("form[data-count]").forEach(count);
// Questions that stand in a page are swapped in place when something was wrong.
document.addEventListener("htmx:after:swap", () => document.querySelectorAll("form[data-count]").forEach(count));
