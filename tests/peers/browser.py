"""The browser that tests drive: whatever Chromium this machine has."""

from __future__ import annotations

import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def executable() -> str:
    """The path of a Chromium; raises with what to install when there is none."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    if MAC.is_file():
        return str(MAC)
    raise RuntimeError("no Chromium to test with: apt-get install chromium (or install Google Chrome)")
