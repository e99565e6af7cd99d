#!/usr/bin/env bash
# Makes .venv with the newest Python from 3.11 on, and installs one lock file into it: tools/venv.sh LOCK
set -euo pipefail
cd "$(dirname "$0")/.."
lock="$1"

find_python() {
  local name
  for name in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 python; do
    [ -n "$name" ] || continue
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  echo "Python 3.11 or newer is needed and was not found." >&2
  return 1
}

# Debian and Ubuntu ship venv apart from Python.
install_venv() {
  local version package
  version="$("$1" -c 'import sys; print(f"{sys.version_info[0]}.{sys.version_info[1]}")')"
  package="python$version-venv"
  command -v apt-get >/dev/null || return 1
  if [ "$(id -u)" = 0 ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package"
  elif sudo -n true 2>/dev/null; then sudo apt-get update -qq && sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package"
  else echo "Python cannot make virtual environments yet. Run: sudo apt-get install $package" >&2; return 1
  fi
}

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  python="$(find_python)"
  if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    install_venv "$python"
  fi
  "$python" -m venv --clear .venv
fi

echo "Installing what $lock names (only when it changed) …"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
