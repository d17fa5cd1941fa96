from resources.simulator.contracts import cfds
from resources.simulator.contracts.options import UNDERLYINGS


def test_every_share_with_options_has_one_that_is_found_by_its_id() -> None:
    found = [cfds.of(underlying) for underlying in UNDERLYINGS]
    assert all(each and cfds.contract(each.conid) == each for each in found)
    assert [each.underlying for each in found if each] == list(UNDERLYINGS)


def test_nothing_else_has_one() -> None:
    assert cfds.of(990_000_002) is None
    assert cfds.contract(cfds.FIRST - 1) is None
    assert cfds.contract(cfds.FIRST + len(UNDERLYINGS)) is None
