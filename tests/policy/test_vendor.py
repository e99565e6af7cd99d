"""Code of others is listed, licensed and untouched."""

import hashlib
import re
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[2] / "static" / "vendor"
ROW = re.compile(
    r"^\| (?P<file>\S+\.js) \| [^|]+ \| (?P<version>[^|]+) \| .*\((?P<licence>\S+)\) \|.*\| (?P<sha>[0-9a-f]{64}) \|$"
)


def listed() -> dict[str, re.Match[str]]:
    lines = (VENDOR / "LIST.md").read_text(encoding="utf-8").splitlines()
    return {row["file"]: row for row in map(ROW.match, lines) if row}


def test_every_vendored_script_is_listed_and_nothing_else_is() -> None:
    assert set(listed()) == {path.name for path in VENDOR.glob("*.js")}


def test_checksums_are_those_of_the_list() -> None:
    found = {name: hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() for name in listed()}
    assert found == {name: row["sha"] for name, row in listed().items()}


def test_the_version_stands_in_the_file_name_and_the_licence_lies_beside_it() -> None:
    for name, row in listed().items():
        assert row["version"].strip() in name
        assert (VENDOR / row["licence"]).is_file()
