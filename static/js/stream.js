// Alive: the server says "this board changed", and the board asks what. Without that stream it asks now and then.
import { refresh } from "./board.js";
import { announce } from "./live.js";

const SLOW_MS = 12000;
// A whole team hears the same hint: not all of it asks in the same moment (tools/bench/alive.py waits as long).
const GATHER_MS = [40, 160];
const FIRST_MS = 3000;
const LOST_AFTER = 2;
// The server says so each 20 seconds (pdca/board/hub.py); a line that was cut without a word stays silent.
const SILENT_MS = 50000;
const place = () => document.querySelector("[data-board]")?.dataset.liveUrl;
const sign = () => document.querySelector("[data-lost]");
let source = null;
let gathering = null;
let asked = 0;
let heard = 0;
let failures = 0;

async function ask() {
  asked = Date.now();
  try {
    await refresh();
    found();
  } catch {
    failures += 1;
    if (failures >= LOST_AFTER) lost();
    // Sooner than the slow poll: most interruptions are short.
    setTimeout(() => failures && !document.hidden && ask(), 2000);
  }
}

function lost() {
  if (!sign()?.hidden) return;
  sign().hidden = false;
  announce(sign().textContent);
}

function found() {
  failures = 0;
  if (sign()) sign().hidden = true;
}

// Several hints in one moment are one question.
function hint() {
  gathering ??= setTimeout(() => {
    gathering = null;
    ask();
  }, GATHER_MS[0] + Math.random() * (GATHER_MS[1] - GATHER_MS[0]));
}

function listen() {
  if (!place() || document.hidden || source) return;
  source = new EventSource(place());
  heard = Date.now();
  for (const said of ["hello", "changed", "here"]) source.addEventListener(said, () => (heard = Date.now()));
  source.addEventListener("changed", hint);
  // What happened while nobody listened is asked for; right after loading that can wait for what the page still needs.
  source.addEventListener("hello", () => setTimeout(hint, asked ? 0 : FIRST_MS));
  source.addEventListener("error", () => {
    if (source?.readyState === EventSource.CLOSED) hush();
    hint();
  });
}

function hush() {
  source?.close();
  source = null;
}

// A hidden page keeps no connection: a browser has only a few of them.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return hush();
  listen();
  hint();
});
addEventListener("pagehide", hush);
addEventListener("online", hint);
addEventListener("offline", () => place() && lost());
setInterval(() => {
  if (source?.readyState === EventSource.OPEN && Date.now() - heard > SILENT_MS) {
    hush();
    listen();
  }
  if (!place() || document.hidden || source?.readyState === EventSource.OPEN) return;
  if (Date.now() - asked >= SLOW_MS) ask();
}, SLOW_MS / 4);
if (place()) listen();
