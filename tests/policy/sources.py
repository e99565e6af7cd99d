"""Where the policy tests look."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def python() -> list[Path]:
    """The product's Python files."""
    return [*sorted((ROOT / "pdca").rglob("*.py")), ROOT / "wsgi.py"]


def templates(*, mail: bool = False) -> list[Path]:
    """The pages' templates; mail has rules of its own."""
    found = sorted((ROOT / "templates").rglob("*.html"))
    return found if mail else [path for path in found if "mail" not in path.relative_to(ROOT).parts]


def named(path: Path) -> str:
    """The path as people say it."""
    return path.relative_to(ROOT).as_posix()


def lines(path: Path) -> list[tuple[int, str]]:
    """Its lines with their numbers."""
    return list(enumerate(path.read_text(encoding="utf-8").splitlines(), 1))
