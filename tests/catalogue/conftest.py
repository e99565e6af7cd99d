"""The same Monday as the people room's tests."""

from tests.people.conftest import monday, somebody_reconciles  # noqa: F401 - fixtures
