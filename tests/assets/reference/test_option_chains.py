from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from assets.kit.fetch import Fetch
from assets.kit.scope import Scope
from assets.reference.option_chains import INFO, SEARCH, STRIKES, raw_option_chains
from resources.envelope import Request
from resources.gateway.client import GatewayClient
from resources.gateway.endpoint import Page
from resources.simulator.options import Options
from resources.simulator.server import Running, serve
from tests.assets.bent import DAY, Bent
from tests.assets.conftest import EVENING
from tests.nights import CLOCKS, Timeless, clock_of

AAPL = 265598
BEFORE = date(2026, 11, 20)
WISHED: dict[str, Any] = {
    "watchlist": ["AAPL"],
    "options_underlyings": ["AAPL"],
    "options_months": 2,
    "options_requests": 5,
}
FOUND: list[dict[str, Any]] = [
    {
        "conid": "990000001", "companyHeader": "SIM A INC - NASDAQ", "companyName": "SIM A INC", "symbol": "AAPL",
        "description": "NASDAQ", "restricted": None, "sections": [
            {"secType": "STK"},
            {"secType": "OPT", "months": "DEC26;JAN27", "exchange": "SMART;AMEX;CBOE"},
            {"secType": "FUT", "months": "MAR27", "exchange": "MEXDER"},
        ],
    },
    {"conid": "990000002", "companyHeader": "SIM A INC - EBS", "companyName": "SIM A INC", "symbol": "AAPL",
     "description": "EBS", "restricted": None, "sections": [{"secType": "STK", "exchange": "EBS;"}]},
    {"issuers": [{"id": "e1234567", "name": "Sim A Inc"}], "bondid": 4, "conid": "2147483647",
     "companyHeader": "Corporate Fixed Income", "companyName": None, "symbol": None, "description": None,
     "restricted": None, "sections": [{"secType": "BOND"}]},
]  # fmt: skip
OPTION = {
    "conid": 990000500, "symbol": "AAPL", "secType": "OPT", "exchange": "SMART", "listingExchange": None, "right": "P",
    "strike": 195.0, "currency": "USD", "cusip": None, "coupon": "No Coupon", "desc1": "AAPL",
    "desc2": "DEC 18 '26 195 Put", "maturityDate": "20261218", "multiplier": "100", "tradingClass": "AAPL",
    "validExchanges": "SMART,AMEX,CBOE",
}  # fmt: skip
PLAIN = {
    "conid": AAPL, "ticker": "AAPL", "secType": "STK", "listingExchange": "NASDAQ", "exchange": "SMART",
    "companyName": "SIM A INC", "currency": "USD", "validExchanges": "SMART", "priceRendering": None,
    "maturityDate": None, "right": "?", "strike": 0.0,
}  # fmt: skip


def _answers(**by_path: Any) -> Any:
    """Other replies for a step; of the steps that are not named none."""
    return lambda request, _: by_path.get(request.path.rpartition("/")[2])


def _asked_for(strike: str, month: str = "DEC26") -> Any:
    def change(request: Request) -> Request:
        wanted = {"strike": strike} if request.path == INFO.path else {}
        return Request(request.method, request.path, {**request.query, "month": month, **wanted})

    return change


def _info(bent: Bent, reply: Any) -> Bent:
    bent.ask_as("option_chains", _asked_for("195"))
    return bent.bend("option_chains", _answers(info=reply)).build("option_chains")


@pytest.fixture
def gateway() -> Iterator[Running]:
    with serve(Options(clock=EVENING, positions=0)) as running:
        yield running


@pytest.fixture
def client(gateway: Running) -> Iterator[GatewayClient]:
    CLOCKS[gateway.url] = clock_of(gateway)
    resource = Timeless(base_url=gateway.url, certificate=str(gateway.certificate))
    yield resource.client
    resource.close()


def _landed(bent: Bent, client: GatewayClient, said: list[str], **scope: Any) -> Iterator[Page]:
    chosen = Scope(**{**WISHED, **scope})
    pause = client.exchange.clock.sleep
    fetch = Fetch(client, bent.lake.tables, bent.lake.raw, chosen, chosen.calendar, (DAY,), said.append, pause)
    return raw_option_chains.fetch(fetch)


def _steps(pages: list[Page]) -> list[Any]:
    return [page.endpoint for page in pages]


def test_a_search_the_strikes_of_a_month_and_one_request_for_each_of_them_are_a_chain(bent: Bent) -> None:
    bent.build("option_months", "option_strikes", "option_chains")
    months, strikes, chain = (bent.rows(name) for name in ("option_months", "option_strikes", "option_chains"))
    [landing] = bent.lake.raw.landings("option_chains", DAY.isoformat())
    assert sum(1 for _ in bent.lake.raw.read(landing)) == 5
    assert set(months["underlying_conid"]) == set(strikes["underlying_conid"]) == set(chain["underlying_conid"])
    assert set(strikes["month"]) == set(chain["month"]) == set(months.sort_values("month_start")["month"][:2])
    assert all(len(of["strike"].unique()) == 1 for _, of in chain.groupby("month"))
    assert set(chain["put_or_call"]) == set(strikes["put_or_call"]) == {"P", "C"}
    assert len(chain[chain["month"] == "DEC26"]["expiry_day"].unique()) > 1, "every expiry inside the month"
    assert set(chain["multiplier"]) == {100.0}, "the wire has it as text"
    assert {*chain["extra"], *strikes["extra"], *months["extra"]} == {None}
    assert [bent.reasons(name) for name in ("option_months", "option_strikes", "option_chains")] == [[], [], []]


def test_months_are_told_of_contracts_with_options_whose_ids_are_text_and_not_of_the_issuers_of_bonds(
    bent: Bent,
) -> None:
    bent.bend("option_chains", _answers(search=FOUND)).build("option_months")
    rows = bent.rows("option_months")
    assert rows[["underlying_conid", "month", "listing_exchange", "exchanges"]].values.tolist() == [
        [990000001, "DEC26", "NASDAQ", "SMART;AMEX;CBOE"],
        [990000001, "JAN27", "NASDAQ", "SMART;AMEX;CBOE"],
    ]
    assert [day.isoformat() for day in rows["month_start"]] == ["2026-12-01", "2027-01-01"]


def test_what_two_searches_find_stands_under_each_of_them(bent: Bent) -> None:
    other = {**FOUND[0], "conid": "990000003", "symbol": "AAPB"}
    told = iter(["AAPL", "AAPB"])

    def searched(request: Request) -> Request:
        is_kept = request.path in {SEARCH.path, STRIKES.path}  # one of the two is made the other search
        return Request("GET", SEARCH.path, {"symbol": next(told, "AAPL")}) if is_kept else request

    bent.ask_as("option_chains", searched)
    bent.bend("option_chains", _answers(search=[*FOUND, other])).build("option_months")
    months = bent.rows("option_months")
    assert sorted(months[months["month"] == "DEC26"][["searched", "symbol"]].itertuples(index=False, name=None)) == [
        ("AAPB", "AAPB"), ("AAPB", "AAPL"), ("AAPL", "AAPB"), ("AAPL", "AAPL"),
    ]  # fmt: skip
    assert bent.generated("option_months", "key_is_unique").has_passed


def test_a_month_that_is_none_is_rejected_and_the_others_are_kept(bent: Bent) -> None:
    odd = {**FOUND[0], "sections": [{"secType": "OPT", "months": "DEC26;SOON", "exchange": "SMART"}]}
    bent.bend("option_chains", _answers(search=[odd])).build("option_months")
    assert bent.rows("option_months")["month"].tolist() == ["DEC26"]
    assert bent.reasons("option_months") == [["month_start: month cannot be read as date"]]


def test_nothing_found_is_no_month_whatever_else_is_wrong_with_the_wish(bent: Bent) -> None:
    assert len(bent.bend("option_chains", _answers(search=[])).build("option_months").rows("option_months")) == 0


def test_strikes_are_two_lists_and_a_third_is_rejected_row_by_row(bent: Bent) -> None:
    told = {"call": [195.0, 200], "put": [195.0], "both": [190.0]}
    bent.bend("option_chains", _answers(strikes=told)).build("option_strikes")
    rows = bent.rows("option_strikes")
    rows = rows[rows["month"] == "DEC26"]
    assert rows[["put_or_call", "strike"]].values.tolist() == [["C", 195.0], ["C", 200.0], ["P", 195.0]]
    assert bent.reasons("option_strikes") == [["put_or_call: side cannot be read as str"]] * 2, "one in each month"


def test_an_option_of_info_is_read_with_its_end_under_maturity_date(bent: Bent) -> None:
    [row] = _info(bent, [{**OPTION, "novel": 1}]).rows("option_chains").head(1).to_dict("records")
    assert (row["conid"], row["underlying_conid"], row["month"]) == (990000500, AAPL, "DEC26")
    assert (row["strike"], row["put_or_call"], row["multiplier"]) == (195.0, "P", 100.0)
    assert (row["expiry_day"].isoformat(), row["trading_class"]) == ("2026-12-18", "AAPL")
    assert row["extra"] == '{"novel":1}'


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (PLAIN, "the reply's shape is not known: a list was due"),
        ([{**OPTION, "strike": 200.0}], "the reply is of strike 200.0, which was not asked for"),
        ([OPTION, {**OPTION, "maturityDate": "20270115"}], "the reply is of month 202701, which was not asked for"),
    ],
    ids=["the underlying itself, as an object", "another strike", "another month"],
)
def test_info_of_something_else_is_rejected_whole(bent: Bent, reply: Any, reason: str) -> None:
    built = _info(bent, reply)
    assert built.reasons("option_chains")
    assert all(reason in why for [why] in built.reasons("option_chains"))
    assert len(built.rows("option_chains")) == 0


@pytest.mark.parametrize("strike", ["195", 195, 195.0])
def test_a_strike_is_the_one_asked_for_however_it_is_written(bent: Bent, strike: Any) -> None:
    assert _info(bent, [{**OPTION, "strike": strike}]).reasons("option_chains") == []


def test_the_checks_pass_after_an_undisturbed_night(bent: Bent) -> None:
    bent.scope = Scope(**WISHED)
    bent.build("positions", "instruments", "option_strikes", "option_chains")
    for name in (
        "every_wished_chain_was_asked_for",
        "each_option_has_a_strike_of_its_month",
        "each_strike_has_a_call_and_a_put",
    ):
        assert bent.verdict(name).has_passed, name


def test_an_option_whose_strike_was_not_told_fails(bent: Bent) -> None:
    def without_puts(request: Request, reply: Any) -> Any:
        return {**reply, "put": []} if request.path == STRIKES.path else reply

    bent.bend("option_chains", without_puts).build("option_strikes", "option_chains")
    verdict = bent.verdict("each_option_has_a_strike_of_its_month")
    assert verdict.count > 1
    assert {one["put_or_call"] for one in verdict.offenders} == {"P"}


def test_a_call_without_its_put_fails(bent: Bent) -> None:
    def lonely(request: Request, reply: Any) -> Any:
        return reply[1:] if request.path == INFO.path else reply

    bent.bend("option_chains", lonely).build("option_strikes", "option_chains")
    assert bent.verdict("each_strike_has_a_call_and_a_put").count == 2, "one in each month"


@pytest.mark.parametrize(
    ("scope", "problem"),
    [
        ({"options_underlyings": ["AAPL", "NOPE"]}, "NOPE is no underlying of anything held or watched"),
        ({"options_width": 2}, "would cost 7 requests; asked for are 1 underlyings x 2 months x 1 strikes"),
        ({"options_months": 3}, "would cost 7 requests; asked for are 1 underlyings x 2 months x 1 strikes"),
    ],
)
def test_what_was_wished_and_not_asked_for_is_told(bent: Bent, scope: dict[str, Any], problem: str) -> None:
    bent.scope = Scope(**{**WISHED, **scope})
    [offender] = bent.build("instruments").verdict("every_wished_chain_was_asked_for").offenders
    assert problem in offender["problem"]


def test_an_underlying_without_strikes_is_told(bent: Bent) -> None:
    bent.scope = Scope(**WISHED)
    bent.build("instruments").bend("option_chains", _answers(strikes={"call": [], "put": []}))
    [offender] = bent.verdict("every_wished_chain_was_asked_for").offenders
    assert offender["problem"] == f"no strikes came of AAPL, contract {AAPL}"


def test_nothing_is_asked_for_where_nothing_is_wished(bent: Bent, client: GatewayClient) -> None:
    bent.build("positions", "instruments")
    assert list(_landed(bent, client, [], options_requests=0)) == []


def test_the_underlyings_of_options_come_first_then_the_watchlist_and_each_is_had_whole(
    bent: Bent, client: GatewayClient
) -> None:
    bent.build("positions", "instruments")
    options = bent.rows("instruments").query("asset_class == 'OPT'")["underlying_symbol"]
    said: list[str] = []
    scope: dict[str, Any] = {
        "watchlist": ["NVDA"],
        "options_underlyings": [],
        "options_months": 1,
        "options_requests": 15,
    }
    pages = list(_landed(bent, client, said, **scope))
    symbols = [page.params["symbol"] for page in pages if page.endpoint is SEARCH]
    assert set(symbols[:4]) == set(options)
    assert symbols[4] == "NVDA"
    assert _steps(pages) == [SEARCH, STRIKES, INFO] * 5
    sized, unpriced = said
    assert "asked for are 5 underlyings x 1 months x 1 strikes" in sized
    assert "no price of AAPL is known yet: strikes from the middle of the list" in unpriced


def test_strikes_that_come_empty_are_asked_again_after_a_search(
    bent: Bent, client: GatewayClient, gateway: Running
) -> None:
    bent.build("positions", "instruments")
    walk = _landed(bent, client, [], options_months=1)
    pages = [next(walk)]
    gateway.simulation.session.searched.clear()  # as when the brokerage session begins anew
    pages += walk
    assert _steps(pages) == [SEARCH, STRIKES, SEARCH, STRIKES, INFO]
    assert pages[1].json == {"call": [], "put": []}
    assert pages[3].json["call"]


def test_a_strike_that_the_gateway_has_nothing_for_costs_no_other(
    bent: Bent, client: GatewayClient, gateway: Running
) -> None:
    bent.build("positions", "instruments")
    said: list[str] = []
    walk = _landed(bent, client, said, options_months=1, options_width=2)
    pages = [next(walk), next(walk)]
    gateway.simulation.session.searched.clear()
    pages += walk
    assert _steps(pages) == [SEARCH, STRIKES]
    unpriced, *nothing = said
    assert "no price of AAPL is known yet" in unpriced
    assert len(nothing) == 2
    assert all("No Contracts retrieved" in line for line in nothing)


def test_the_strikes_asked_for_are_those_around_the_price(bent: Bent, client: GatewayClient) -> None:
    bent.build("positions", "instruments")
    pages = list(_landed(bent, client, [], options_months=1, options_width=2))
    told = pages[1].json["call"]
    asked = [float(page.params["strike"]) for page in pages if page.endpoint is INFO]
    assert set(asked) <= set(told)
    assert told.index(asked[1]) == told.index(asked[0]) + 1, "they lie side by side"


def test_the_days_own_close_chooses_no_other_strikes_when_chains_are_landed_again(
    bent: Bent, client: GatewayClient
) -> None:
    def closes(*of_days: tuple[int, float]) -> Any:
        first = iter((True,))
        opens = {day: datetime(2026, 11, day, 14, 30, tzinfo=UTC).timestamp() for day, _ in of_days}
        bars = [{**dict.fromkeys("ohlc", price), "v": 1.0, "t": int(opens[day] * 1000)} for day, price in of_days]
        told = {"data": bars, "volumeFactor": 100}
        return lambda _request, _reply: told if next(first, False) else None

    def strikes() -> list[str]:
        walk = _landed(bent, client, [], options_months=1)
        return [page.params["strike"] for page in walk if page.endpoint is INFO]

    bent.bend("positions", lambda _request, reply: [one for one in reply if one["conid"] != AAPL])
    bent.ask_as("bars_1d", lambda asked: Request(asked.method, asked.path, {**asked.query, "conid": str(AAPL)}))
    bent.again_on(BEFORE, "bars_1d").bend("bars_1d", closes((20, 150.0)), day=BEFORE)
    bent.bend("bars_1d", closes((20, 150.0), (23, 250.0)))
    bent.build("positions", "instruments").build("bars_1d", day=BEFORE)
    before = strikes()
    assert len(bent.build("bars_1d").rows("bars_1d")) == 2
    assert strikes() == before
    assert abs(float(before[0]) - 150.0) < 10
