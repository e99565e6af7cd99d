#!/usr/bin/env bash
# Finds a Chromium for the browser tests, or installs one; says in one line what to do when it can't.
set -euo pipefail
cd "$(dirname "$0")/.."

found() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
    # Ubuntu's chromium-browser may be a script that only names a snap.
    if command -v "$name" >/dev/null && "$name" --version >/dev/null 2>&1; then return 0; fi
  done
  [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ] && return 0
  downloaded
}
downloaded() {
  [ -x "$(.venv/bin/python -c 'from playwright.sync_api import sync_playwright as s
with s() as p: print(p.chromium.executable_path)' 2>/dev/null)" ]
}
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif sudo -n true 2>/dev/null; then sudo "$@"; else return 1; fi
}

found && exit 0
echo "No Chromium found; installing one …"
if grep -qs '^ID=debian' /etc/os-release; then
  as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null || true
else
  .venv/bin/playwright install chromium >/dev/null 2>&1 || true
  as_root .venv/bin/playwright install-deps chromium >/dev/null 2>&1 || true
fi
found && exit 0
echo "The browser tests need Chromium. Run: sudo apt-get install chromium (or install Google Chrome), then again." >&2
exit 1
