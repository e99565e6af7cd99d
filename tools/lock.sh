#!/usr/bin/env bash
# Writes both lock files from pyproject.toml: exact versions with hashes, for every platform, naming no index.
# Needs uv, which is only for this: `pipx install uv`, or UV=/path/to/uv.
set -euo pipefail
cd "$(dirname "$0")/.."
uv="${UV:-uv}"
command -v "$uv" >/dev/null || { echo "uv is needed to make the lock files: pipx install uv" >&2; exit 1; }
options=(--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet --upgrade)
"$uv" pip compile "${options[@]}" --extra build pyproject.toml -o requirements.lock
"$uv" pip compile "${options[@]}" --extra dev pyproject.toml -o requirements-dev.lock
