"""How tests look at a refusal: by the names of what is missing, and with nothing left behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pdca.db import db
from pdca.errors import Invalid, Missing, NotAllowed


def missing(act: Callable[[], object]) -> dict[str, Missing]:
    """What the refusal of this act names, by criterion name. The act leaves nothing behind, as at every entrance."""
    with pytest.raises(NotAllowed) as refused, db.session.begin_nested():
        act()
    return {m.name: m for m in refused.value.missing}


def names(act: Callable[[], object]) -> set[str]:
    """Only the names."""
    return set(missing(act))


def fields(act: Callable[[], object]) -> set[str]:
    """The fields that cannot be so."""
    with pytest.raises(Invalid) as refused, db.session.begin_nested():
        act()
    return {e.field for e in refused.value.errors}
