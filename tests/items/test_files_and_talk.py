"""Files, comments, mentions, followers, labels and links: what is kept, and what is refused."""

from __future__ import annotations

import hashlib
import stat
from io import BytesIO

import pytest

from pdca.catalogue.models import Label
from pdca.db import db
from pdca.errors import NotFound
from pdca.items.capture import capture
from pdca.items.files import FILES_PER_ITEM, SIZE_LIMIT, add_file, file_of, path_of, remove_file
from pdca.items.models import File, ItemLink, Mention
from pdca.items.talk import COMMENT_LIMIT, comment, follow, link, set_labels, unfollow, unlink
from pdca.items.terms import ItemLinkKind, Phase
from tests.conftest import MONDAY
from tests.items.refusals import fields, names
from tests.stories import crew as a_crew
from tests.stories import walk

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
PDF = b"%PDF-1.7 x"
ZIP = b"PK\x03\x04 x"


@pytest.fixture
def item(crew):
    """An item in the inbox."""
    return capture(crew.team, "Regel", by=crew.member, at=MONDAY)


@pytest.fixture
def folder(tmp_path):
    """Where uploads lie; not made yet."""
    return tmp_path / "uploads"


@pytest.fixture
def add(item, folder, crew):
    """Keep a file of this name and content."""
    return lambda name, content: add_file(item, name, BytesIO(content), folder, by=crew.member, at=MONDAY)


# --- files -------------------------------------------------------------------------------------------------


def test_a_file_lies_under_a_random_name_that_only_we_read(add, folder):
    row = add("Foto balie.PNG", PNG)
    path = path_of(folder, row)
    assert (row.name, row.content_type, row.size, row.sha256) == (
        "Foto balie.PNG",
        "image/png",
        len(PNG),
        hashlib.sha256(PNG).hexdigest(),
    )
    assert path.read_bytes() == PNG
    assert "Foto" not in str(path)
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(folder.stat().st_mode)) == (0o600, 0o700)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.pdf", PDF, "application/pdf"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.jpeg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.gif", b"GIF89a", "image/gif"),
        ("a.webp", b"RIFF\0\0\0\0WEBP", "image/webp"),
        ("a.docx", ZIP, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.xlsx", ZIP, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("a.ods", ZIP, "application/vnd.oasis.opendocument.spreadsheet"),
        ("a.msg", b"\xd0\xcf\x11\xe0", "application/vnd.ms-outlook"),
        ("a.txt", "é".encode(), "text/plain"),
        ("a.csv", b"a;b", "text/csv"),
        ("a.md", b"# a", "text/markdown"),
        ("a.eml", b"From: a", "message/rfc822"),
    ],
)
def test_what_is_kept(add, name, content, kind):
    assert add(name, content).content_type == kind


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("leeg.txt", b""),
        ("pagina.html", b"<script>alert(1)</script>"),
        ("plaatje.svg", b"<svg onload='x'/>"),
        ("programma.exe", b"MZ"),
        ("archief.zip", ZIP),
        ("zonder-einde", PDF),
        ("pdf", PDF),
        ("foto.png", PDF),
        ("foto.png.html", PNG),
        ("brief.pdf", b"<html>"),
        ("film.webp", b"RIFF\0\0\0\0AVI "),
        ("tekst.txt", b"a\0b"),
        ("tekst.txt", b"\xff\xfe"),
    ],
)
def test_what_is_refused(add, folder, name, content):
    assert fields(lambda: add(name, content)) == {"file"}
    assert not folder.exists()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("..\\..\\windows\\win.txt", "win.txt"),
        ("/tmp/a.txt", "a.txt"),
        ("a\0b.txt", "ab.txt"),
        ("  spatie  \n.txt", "spatie .txt"),
        ("annex\u202etxt.txt", "annextxt.txt"),
        ("..verborgen.txt", "verborgen.txt"),
        ("CON.txt", "CON.txt"),
        ("x" * 300 + ".txt", "x" * 196 + ".txt"),
    ],
)
def test_a_name_is_only_ever_shown(add, folder, name, shown):
    row = add(name, b"a")
    assert row.name == shown
    assert path_of(folder, row).parent == folder.resolve()


def test_a_stored_name_that_points_elsewhere_is_not_followed(add, folder, tmp_path):
    row = add("a.txt", b"a")
    (tmp_path / "geheim").write_text("geheim")
    (folder / "link").symlink_to(tmp_path / "geheim")
    for elsewhere in ("../geheim", "link", "/etc/passwd", ".", "sub/naam"):
        row.stored_name = elsewhere
        with pytest.raises(NotFound):
            path_of(folder, row)


def test_sizes_and_numbers_have_a_limit(add, item, crew):
    assert add("a.txt", b"a" * SIZE_LIMIT).size == SIZE_LIMIT
    assert fields(lambda: add("a.txt", b"a" * (SIZE_LIMIT + 1))) == {"file"}
    for n in range(FILES_PER_ITEM - 1):
        item.files.append(
            File(name="x", stored_name=f"{n}", content_type="x", size=1, sha256="x", at=MONDAY, by_id=crew.owner.id)
        )
    db.session.flush()
    assert fields(lambda: add("a.txt", b"a")) == {"file"}


def test_a_file_is_found_through_its_item_only(add, item, crew):
    row = add("a.txt", b"a")
    other = capture(crew.team, "Andere", by=crew.member, at=MONDAY)
    assert file_of(item, row.id) is row
    with pytest.raises(NotFound):
        file_of(other, row.id)


def test_viewers_and_outsiders_add_and_remove_nothing(add, item, folder, crew):
    row = add("a.txt", b"a")
    for who in (crew.viewer, crew.outsider):
        assert names(lambda w=who: add_file(item, "b.txt", BytesIO(b"b"), folder, by=w, at=MONDAY)) == {"role"}
        assert names(lambda w=who: remove_file(item, row.id, folder, by=w, at=MONDAY)) == {"role"}


def test_what_is_removed_is_gone_and_the_journal_knows(add, item, folder, crew):
    from pdca.items.models import Entry

    row = add("a.txt", b"a")
    path = path_of(folder, row)
    remove_file(item, row.id, folder, by=crew.member, at=MONDAY)
    db.session.flush()
    assert (path.exists(), item.files) == (False, [])
    [entry] = db.session.query(Entry).filter_by(item_id=item.id, what="file_removed")
    assert entry.old["name"] == "a.txt"


# --- comments ----------------------------------------------------------------------------------------------


def mentioned(row):
    return {m.person_id for m in db.session.query(Mention).filter_by(comment_id=row.id)}


@pytest.mark.parametrize(
    "text",
    ["@Leyla kijk eens", "Dank @leyla.", "@Leyla Demir, akkoord?", "Vraag het @leyla; of niet", "(@Leyla)"],
)
def test_who_is_named_is_mentioned(item, crew, text):
    assert mentioned(comment(item, text, by=crew.member, at=MONDAY)) == {crew.leader.id}


@pytest.mark.parametrize("text", ["mail leyla@leyla.nl", "@ leyla", "Leyla", "@Leylaa", "@Otto"])
def test_who_is_not_named_or_not_here_is_not_mentioned(item, crew, text):
    assert mentioned(comment(item, text, by=crew.member, at=MONDAY)) == set()


def test_nobody_mentions_themselves(item, crew):
    assert mentioned(comment(item, "@Mila denkt na", by=crew.member, at=MONDAY)) == set()


def test_a_comment_has_words_but_not_too_many(item, crew):
    for wrong in ("  ", "x" * (COMMENT_LIMIT + 1)):
        assert fields(lambda w=wrong: comment(item, w, by=crew.member, at=MONDAY)) == {"body"}
    for who in (crew.viewer, crew.outsider):
        assert names(lambda w=who: comment(item, "x", by=w, at=MONDAY)) == {"role"}


# --- followers, labels, links ------------------------------------------------------------------------------


def test_following_twice_is_once(item, crew):
    for _ in range(2):
        follow(item, by=crew.viewer, at=MONDAY)
    assert [f.person_id for f in item.followers] == [crew.viewer.id]
    for _ in range(2):
        unfollow(item, by=crew.viewer, at=MONDAY)
    assert item.followers == []


def test_labels_are_those_of_the_team_and_hung_by_who_may_edit(crew):
    story = walk(crew, Phase.DO, at=MONDAY)
    mine, other = Label(team_id=crew.team.id, name="Balie"), Label(team_id=a_crew("Elders").team.id, name="Balie")
    db.session.add_all([mine, other])
    db.session.flush()
    assert fields(lambda: set_labels(story.item, [other.id], by=story.owner, at=story.at)) == {"labels"}
    assert names(lambda: set_labels(story.item, [mine.id], by=crew.member, at=story.at)) == {"role"}
    set_labels(story.item, [mine.id], by=story.owner, at=story.at)
    assert [x.name for x in story.item.labels] == ["Balie"]
    set_labels(story.item, [], by=story.owner, at=story.at)
    assert story.item.labels == []


def test_items_are_tied_by_number_within_the_board(item, crew):
    other = capture(crew.team, "Andere", by=crew.member, at=MONDAY)
    for wrong in (item.number, 999):
        act = {"by": crew.member, "at": MONDAY}
        assert fields(lambda n=wrong, a=act: link(item, n, ItemLinkKind.RELATED, **a)) == {"other"}
    rows = {link(item, other.number, ItemLinkKind.RELATED, by=crew.member, at=MONDAY) for _ in range(2)}
    db.session.flush()
    [row] = rows
    assert fields(lambda: unlink(other, row.id, by=crew.member, at=MONDAY)) == {"link"}
    unlink(item, row.id, by=crew.member, at=MONDAY)
    db.session.flush()
    assert db.session.query(ItemLink).count() == 0
