"""The browser that tests drive: whatever Chromium this machine has."""

from __future__ import annotations

import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def executable(downloaded: str) -> str:
    """The path of a Chromium, Playwright's own download included; raises with what to install."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    for path in (MAC, Path(downloaded)):
        if path.is_file():
            return str(path)
    raise RuntimeError("no Chromium to test with: apt-get install chromium (or install Google Chrome)")
