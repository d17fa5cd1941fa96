import pytest

from tests.resources.simulator.conftest import Desk
from tests.resources.simulator.seeded_desk import seeded_desk


@pytest.fixture
def desk() -> Desk:
    return seeded_desk()


def test_pairs_name_the_other_currency(desk: Desk) -> None:
    assert desk.client.get("/iserver/currency/pairs", currency="CHF").json == {
        "CHF": [{"symbol": "USD.CHF", "conid": 12087820, "ccyPair": "USD"}]
    }
    assert {"symbol": "EUR.USD", "conid": 12087792, "ccyPair": "EUR"} in desk.client.get(
        "/iserver/currency/pairs", currency="usd"
    ).json["USD"]
    assert desk.client.get("/iserver/currency/pairs", currency="XXX").json == {"XXX": []}


def test_rates_are_those_of_the_ledger(desk: Desk) -> None:
    assert desk.client.get("/portfolio/accounts").status == 200
    ledger = desk.client.get("/portfolio/U9900001/ledger").json
    assert len(ledger) > 3
    for currency in set(ledger) - {"BASE"}:
        rate = desk.client.get("/iserver/exchangerate", source=currency, target="USD").json["rate"]
        assert rate == ledger[currency]["exchangerate"]


def test_a_rate_and_its_inverse_agree(desk: Desk) -> None:
    there = desk.client.get("/iserver/exchangerate", source="EUR", target="CHF").json["rate"]
    back = desk.client.get("/iserver/exchangerate", source="CHF", target="EUR").json["rate"]
    assert there * back == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("query", [{"source": "EUR"}, {"target": "EUR"}, {"source": "XXX", "target": "USD"}])
def test_a_rate_needs_two_currencies(desk: Desk, query: dict[str, str]) -> None:
    assert desk.client.get("/iserver/exchangerate", **query).status == 400
    assert desk.client.get("/iserver/currency/pairs").status == 400
