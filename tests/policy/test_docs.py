"""What is written down is what there is."""

from __future__ import annotations

import re

import click
import pytest
from jinja2 import Template

from pdca import create_app
from pdca.config import Settings
from tests.conftest import settings_for
from tests.policy.sources import ROOT

OPERATING = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def commands(group, before=""):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}"


@pytest.fixture(scope="module")
def existing(tmp_path_factory):
    return set(commands(create_app(settings_for(tmp_path_factory.mktemp("docs"))).cli))


def test_every_setting_is_described_and_no_other():
    named = set(re.findall(r"PDCA_[A-Z_]+", OPERATING))
    assert named == {f"PDCA_{name.upper()}" for name in Settings.model_fields}


def test_every_command_is_described(existing):
    # `pdca db …` is Alembic's own; one line stands for all of it.
    ours = sorted(name for name in existing if not name.startswith("db "))
    assert [name for name in ours if f"`pdca {name}" not in OPERATING] == []


def test_no_command_is_described_that_does_not_exist(existing):
    described = {words.strip() for words in re.findall(r"`pdca ((?:[a-z]+ ?)+)", OPERATING)} - {"db"}
    gone = {words for words in described if not any(f"{words} ".startswith(f"{name} ") for name in existing)}
    assert gone == set()


def test_every_option_that_is_described_exists(tmp_path):
    app = create_app(settings_for(tmp_path))
    for line in re.findall(r"^\| `pdca (.*)$", OPERATING, re.M):
        name = line.split()[0].strip("`")
        command = app.cli.commands.get(name)
        if command is None or isinstance(command, click.Group):
            continue
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", line)) <= known, name


def test_make_help_lists_every_target():
    targets = set(re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.M)[1].split())
    helped = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.M))
    assert targets == helped


def test_the_locks_name_no_index():
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert re.findall(r"https?://|file:|--index|--find-links", text) == []
        assert "--hash=sha256:" in text


def test_every_dependency_says_why():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = project[project.index("dependencies = [") : project.index("[project.scripts]")]
    silent = [line for line in block.splitlines() if re.match(r'\s+"', line) and "#" not in line]
    assert [line for line in silent if "pdca-tracker[" not in line] == []


@pytest.mark.parametrize(
    "page", sorted(str(p.relative_to(ROOT)) for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
)
def test_every_link_within_the_project_leads_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    paths = [path for path in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text) if "://" not in path]
    assert [path for path in paths if not ((ROOT / page).parent / path).exists()] == []


def test_the_keys_are_described_as_the_product_tells_them():
    shown = (ROOT / "templates/shared/_keys.html").read_text(encoding="utf-8")
    rows = re.findall(r"<dt>(.*?)</dt><dd>\{\{ _\('(.*?)'\) \}\}", shown)
    told = [(Template(keys).render(_=str), words) for keys, words in rows]
    described = re.findall(r"^\| (<kbd>.*?) \| (.*?) \|$", (ROOT / "docs/board.md").read_text(encoding="utf-8"), re.M)
    assert described == told
    assert len(told) > 10
