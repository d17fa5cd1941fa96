from collections.abc import Iterator

import pytest

from tests.third_party.conftest import Office
from tests.third_party.with_ibind.desk import Desk, settled


@pytest.fixture(scope="package")
def desk(office: Office) -> Iterator[Desk]:
    """ibind at a gateway with three pages of positions."""
    with settled(office) as at_work:
        yield at_work
