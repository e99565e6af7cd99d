// Written down without a connection: kept in this browser, and put ready in the line of the board.
const KEY = "draft-capture";

document.addEventListener("submit", (event) => {
  const form = event.target.closest?.("[data-draft]");
  if (!form) return;
  event.preventDefault();
  localStorage.setItem(KEY, form.querySelector("input").value);
  form.querySelector("[data-draft-said]").textContent = form.dataset.kept;
});

const line = document.getElementById("capture-line");
const draft = localStorage.getItem(KEY);
if (line && draft && !line.value) {
  line.value = draft;
  localStorage.removeItem(KEY);
}
const offline = document.querySelector("[data-draft] input");
if (offline && draft) offline.value = draft;

if ("serviceWorker" in navigator && isSecureContext) navigator.serviceWorker.register("/sw.js").catch(() => {});
