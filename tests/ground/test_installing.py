"""What a phone asks before it puts the board among its apps."""

from __future__ import annotations

import struct

SIGN = b"\x89PNG\r\n\x1a\n"


def _size(png: bytes) -> tuple[int, int]:
    assert png.startswith(SIGN)
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_the_manifest_names_icons_of_the_sizes_it_says(client):
    manifest = client.get("/manifest.webmanifest").get_json()
    said = {(icon["sizes"], icon["purpose"]) for icon in manifest["icons"]}
    assert {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")} <= said
    drawn = [icon for icon in manifest["icons"] if icon["type"] == "image/png"]
    assert [f"{w}x{h}" for w, h in (_size(client.get(icon["src"]).data) for icon in drawn)] == [
        icon["sizes"] for icon in drawn
    ]


def test_every_page_names_the_icon_that_apple_asks_for(client):
    page = client.get("/sign-in").text
    (address,) = [part.split('"')[0] for part in page.split('rel="apple-touch-icon" href="')[1:]]
    assert _size(client.get(address).data) == (180, 180)
