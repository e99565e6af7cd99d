"""What the browser gets of style sheets and scripts: everything, once, in order, and small."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from pdca.web.bundle import bundles

# The customer's page loads this, and nothing of the app.
ALONE = {"$ask"}
STATIC = Path(__file__).parents[2] / "static"


@pytest.fixture(scope="module")
def joined():
    return bundles(STATIC)


def test_every_style_sheet_is_in_its_layer(joined):
    text = joined["css/app.css"].plain.decode()
    assert "@import" not in text
    assert len(re.findall(r"^@layer \w+ \{", text, re.MULTILINE)) == len(list((STATIC / "css").glob("*.css"))) - 1


def test_every_module_is_there_once_and_after_those_it_needs(joined):
    text = joined["js/app.js"].plain.decode()
    scopes = re.findall(r"^const (\$\w+) = \(\(\) =>", text, re.MULTILINE)
    everything = {f"${path.stem.replace('-', '_')}" for path in (STATIC / "js").glob("*.js")}
    assert sorted(scopes) == sorted(everything - ALONE)
    for number, scope in enumerate(scopes):
        used = set(
            re.findall(r"^const \{[^}]*\} = (\$\w+);", text.split(f"const {scope} =")[1].split("\n})();")[0], re.M)
        )
        assert used <= set(scopes[:number])
    assert not re.search(r"^(import|export) ", text, re.MULTILINE)


def test_the_packed_form_says_the_same(joined):
    assert all(gzip.decompress(one.packed) == one.plain for one in joined.values())


def test_a_page_is_compressed_for_ourselves_but_not_for_a_strangers_page(client):
    asked = {"Accept-Encoding": "gzip"}
    ours = client.get("/sign-in", headers={**asked, "Sec-Fetch-Site": "same-origin"})
    assert ours.headers["Content-Encoding"] == "gzip"
    assert b"<!doctype html>" in gzip.decompress(ours.data)
    assert "Accept-Encoding" in ours.headers["Vary"]
    theirs = client.get("/sign-in", headers={**asked, "Sec-Fetch-Site": "cross-site"})
    assert "Content-Encoding" not in theirs.headers
    assert "Content-Encoding" not in client.get("/sign-in").headers
