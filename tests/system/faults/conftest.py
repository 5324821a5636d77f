"""The town that all stories of this folder break."""

import pytest

from conftest import PORT
from faults.town import Town


@pytest.fixture(scope="session")
def town(tmp_path_factory):
    built = Town(PORT, tmp_path_factory.mktemp("town"))
    try:
        yield built.open()
    finally:
        faults = built.close()
    assert not faults, "\n".join(faults)


@pytest.fixture(autouse=True)
def whole(town):
    """A story begins when all parts that the one before has broken are back."""
    town.wait_whole()
