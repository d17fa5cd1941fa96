from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from assets.kit.fetch import Fetch
from assets.kit.scope import Scope
from assets.reference.contract_details import raw_contract_details
from resources.envelope import Request
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.assets.bent import DAY, Bent
from tests.assets.conftest import EVENING
from tests.nights import CLOCKS, Timeless, clock_of

NEXT = DAY + timedelta(days=1)
FUTURE = {
    "cfi_code": "", "symbol": "SIMF", "cusip": None, "expiry_full": "20261218", "maturity_date": "20261218",
    "industry": None, "category": None, "instrument_type": "FUT", "has_related_contracts": True,
    "trading_class": "SIMF", "valid_exchanges": "CME,QBALGO", "allow_sell_long": False,
    "is_zero_commission_security": False, "local_symbol": "SIMFZ6", "contract_clarification_type": None,
    "contract_month": "202612", "classifier": None, "currency": "USD", "text": None, "underlying_con_id": 990000700,
    "r_t_h": True, "multiplier": "50", "underlying_issuer": None, "company_name": "SIM FUTURE",
    "smart_available": False, "exchange": "CME",
}  # fmt: skip
Asked = Callable[..., list[int]]


def _answer(**terms: Any) -> Any:
    def change(request: Request, _: Any) -> Any:
        return {**FUTURE, "con_id": int(request.path.split("/")[3]), **terms}

    return change


def _rows(bent: Bent, **terms: Any) -> list[dict[Any, Any]]:
    return (
        bent.bend("contract_details", _answer(**terms))
        .build("contract_details")
        .rows("contract_details")
        .to_dict("records")
    )


@pytest.fixture
def asked(bent: Bent) -> Iterator[Asked]:
    """Which contracts a landing asks for, on a day and with these limits."""
    bent.build("positions", "instruments")
    with serve(Options(clock=EVENING, positions=0)) as gateway:
        CLOCKS[gateway.url] = clock_of(gateway)
        resource = Timeless(base_url=gateway.url, certificate=str(gateway.certificate))

        def land(*, day: date = DAY, requests: int = 3, refresh_days: int = 30, said: Any = None) -> list[int]:
            scope = Scope(details_requests=requests, details_refresh_days=refresh_days)
            say = [].append if said is None else said.append
            client, tables, raw = resource.client, bent.lake.tables, bent.lake.raw
            fetch = Fetch(client, tables, raw, scope, scope.calendar, (day,), say, client.exchange.clock.sleep)
            return [int(page.params["conid"]) for page in raw_contract_details.fetch(fetch)]

        yield land
        resource.close()


def test_the_trading_sides_terms_are_read(bent: Bent) -> None:
    row = _rows(bent)[0]
    assert (row["local_symbol"], row["trading_class"], row["multiplier"]) == ("SIMFZ6", "SIMF", 50.0)
    assert (row["contract_month"].isoformat(), row["maturity_day"].isoformat()) == ("2026-12-01", "2026-12-18")
    assert (row["underlying_conid"], row["cfi_code"], row["extra"]) == (990000700, None, None)


def test_what_never_ends_and_has_no_underlying_is_told_with_nulls_and_a_zero(bent: Bent) -> None:
    nothing = {"maturity_date": None, "contract_month": None, "multiplier": None, "underlying_con_id": 0}
    row = _rows(bent, **nothing)[0]
    assert {row[name] for name in ("maturity_day", "contract_month", "multiplier", "underlying_conid")} == {None}


def test_a_new_field_is_kept(bent: Bent) -> None:
    assert _rows(bent, novel=1)[0]["extra"] == '{"novel":1}'


def test_a_night_asks_for_no_more_than_it_may_and_for_nothing_if_that_is_nothing(asked: Asked) -> None:
    assert len(asked(requests=3)) == 3
    assert asked(requests=0) == []


def test_what_was_told_before_is_not_asked_for_again_until_it_is_old(bent: Bent, asked: Asked) -> None:
    everything = set(asked(requests=500))
    bent.build("contract_details")
    told = set(bent.rows("contract_details")["conid"])
    bent.again_on(NEXT, "instruments").build("instruments", day=NEXT)
    assert told < everything
    assert set(asked(day=NEXT, requests=500)) == everything - told
    assert set(asked(day=NEXT, requests=500, refresh_days=0)) == everything


def test_a_second_landing_of_a_day_asks_for_the_same(bent: Bent, asked: Asked) -> None:
    first = asked()
    bent.build("contract_details")
    assert asked() == first


def test_another_day_begins_elsewhere_so_that_what_never_answers_is_in_nobodys_way(bent: Bent, asked: Asked) -> None:
    bent.again_on(NEXT, "instruments").build("instruments", day=NEXT)
    assert set(asked()).isdisjoint(asked(day=NEXT))


def test_what_the_gateway_does_not_know_costs_no_other(bent: Bent, asked: Asked) -> None:
    def unknown(_: Request, reply: Any) -> Any:
        strange = [{**reply["secdef"][0], "conid": conid} for conid in (1, 2)]
        return {"secdef": [*strange, *reply["secdef"][:2]]}

    def as_asked(request: Request) -> Request:
        return Request(request.method, request.path, {"conids": request.query["conids"] + ",1,2"})

    bent.ask_as("instruments", as_asked).bend("instruments", unknown).build("instruments")
    said: list[str] = []
    assert len(asked(requests=4, said=said)) == 2
    assert [line.split(":")[0] for line in said] == ["contract 1", "contract 2"]


def test_details_agree_with_the_definition_after_an_undisturbed_night(bent: Bent) -> None:
    assert bent.build("instruments", "contract_details").verdict("details_agree_with_the_definition").has_passed


@pytest.mark.parametrize("other", [{"currency": "CHF"}, {"instrument_type": "WAR"}])
def test_details_of_another_currency_or_class_fail(bent: Bent, other: dict[str, Any]) -> None:
    def changed(_: Request, reply: Any) -> Any:
        return {**reply, **other}

    bent.bend("contract_details", changed).build("instruments", "contract_details")
    assert bent.verdict("details_agree_with_the_definition").count == 2
