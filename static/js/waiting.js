// Written down without a connection: kept in this browser and sent once there is one, as its writer, and only once.
import { refresh } from "./board.js";
import { announce, fill } from "./live.js";

const KEY = "captures";
const AGAIN_MS = 15000;
const form = () => document.querySelector("[data-capture]");
const line = () => document.getElementById("capture-line");
const list = () => document.querySelector("[data-waiting]");
// What the server says no to; everything else may go better later.
const REFUSED = [403, 404, 409, 422];
let isSending = false;

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
}

function write(all) {
  if (all.length) localStorage.setItem(KEY, JSON.stringify(all));
  else localStorage.removeItem(KEY);
  show();
}

const remove = (once) => write(read().filter((kept) => kept.once !== once));

// A name for one line. Without https a browser has no randomUUID.
const name = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

// --- writing ---------------------------------------------------------------------------------------------

// Before the request: when its answer gets lost on the way, sending it again changes nothing.
document.addEventListener("submit", ({ target }) => {
  if (target.matches?.("[data-capture]")) target.elements.once.value ||= name();
}, true);

document.addEventListener("htmx:finally:request", ({ detail }) => {
  const source = detail.ctx?.sourceElement;
  if (!source?.matches?.("[data-capture]")) return;
  if (!detail.ctx.response) keep(source);
  else if (detail.ctx.response.status < 300) source.elements.once.value = "";
});

function keep(source) {
  const title = line().value.trim();
  if (!title) return;
  write([...read(), { once: source.elements.once.value, title, url: source.action, who: source.dataset.who }]);
  source.elements.once.value = line().value = "";
  announce(list()?.dataset.waits);
}

// The page without a connection knows no reader: what is written there goes to the line, and its writer sends it.
document.addEventListener("submit", (event) => {
  const offline = event.target.closest?.("[data-draft]");
  if (!offline) return;
  event.preventDefault();
  const field = offline.querySelector("input");
  if (!field.value.trim()) return;
  write([...read(), { once: name(), title: field.value.trim() }]);
  field.value = "";
  offline.querySelector("[data-draft-said]").textContent = offline.dataset.kept;
});

// --- sending ---------------------------------------------------------------------------------------------

// What somebody else wrote on this computer is not ours to send.
const isMine = (kept) => kept.who === form()?.dataset.who;

async function send() {
  if (isSending || !form() || !navigator.onLine) return;
  isSending = true;
  let sent = 0;
  try {
    for (const kept of read().filter((one) => isMine(one) && !one.refused)) sent += await sendOne(kept);
  } catch {
    // Still no connection: what is kept stays.
  }
  isSending = false;
  if (!sent) return;
  announce(fill(list()?.dataset.sent, { n: sent }));
  refresh().catch(() => {});
}

async function sendOne({ once, title, url }) {
  const body = new URLSearchParams({ csrf_token: form().elements.csrf_token.value, title, once });
  const answer = await fetch(url, { method: "POST", body, headers: { "HX-Request": "true" } });
  if (REFUSED.includes(answer.status)) {
    write(read().map((kept) => (kept.once === once ? { ...kept, refused: true } : kept)));
    return 0;
  }
  // Not signed in any more, or a server that is being started.
  if (!answer.ok || answer.redirected || answer.headers.get("HX-Redirect")) throw new Error(answer.status);
  remove(once);
  return 1;
}

// --- showing ---------------------------------------------------------------------------------------------

function show() {
  if (!list()) return;
  const own = read().filter((kept) => isMine(kept) || !kept.who);
  list().replaceChildren(...own.map(row));
  list().hidden = !own.length;
}

function row(kept) {
  const shown = document.querySelector("[data-waiting-row]").content.firstElementChild.cloneNode(true);
  shown.querySelector("[data-waiting-title]").textContent = kept.title;
  const said = kept.refused ? "refused" : kept.who ? "waits" : "draft";
  shown.querySelector("[data-waiting-said]").textContent = list().dataset[said];
  shown.querySelector("button").addEventListener("click", () => takeBack(kept));
  return shown;
}

function takeBack(kept) {
  remove(kept.once);
  line().value = kept.title;
  line().focus();
}

// What was written on the page without a connection stands ready, unless something else is being written.
function putReady() {
  const draft = read().find((kept) => !kept.who);
  if (!draft || !line() || line().value) return;
  line().value = draft.title;
  remove(draft.once);
}

document.addEventListener("board:changed", show);
addEventListener("online", send);
addEventListener("storage", ({ key }) => key === KEY && show());
setInterval(() => read().length && send(), AGAIN_MS);
putReady();
show();
send();
if ("serviceWorker" in navigator && isSecureContext) navigator.serviceWorker.register("/sw.js").catch(() => {});
