from datetime import date

import pytest

from resources.simulator.contracts.bonds import bond
from resources.simulator.contracts.catalogue import core

BONDS = {each.instrument.conid: each.instrument for each in core() if each.instrument.asset_class == "BOND"}


@pytest.mark.parametrize(
    ("conid", "issuer", "coupon", "issued"),
    [
        (990000101, "US TREASURY N/B", 4.25, date(2024, 11, 15)),
        (990000102, "US TREASURY N/B", 3.875, date(2023, 8, 15)),
        (990000104, "APPLE INC", 3.85, date(2016, 8, 4)),
        (990000106, "IBM CORP", 4.0, date(2012, 6, 20)),
    ],
)
def test_a_name_tells_issuer_and_coupon(conid: int, issuer: str, coupon: float, issued: date) -> None:
    found = bond(BONDS[conid])
    assert found
    assert (found.issuer, found.coupon, found.issued) == (issuer, coupon, issued)
    assert found.maturity == BONDS[conid].expiry


def test_bonds_of_one_issuer_share_an_id() -> None:
    ids = [found.issuer_id for each in BONDS.values() if (found := bond(each))]
    assert len(ids) == len(BONDS)
    assert ids[0] == ids[1] == ids[2]
    assert len(set(ids)) == 4


def test_a_share_is_no_bond() -> None:
    assert bond(core()[0].instrument) is None
