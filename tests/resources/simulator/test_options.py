from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from resources.simulator.flavour import Flavour, flavoured
from resources.simulator.limits.limiter import Rules
from resources.simulator.options import OptionError, Options, build
from resources.simulator.replay.recording import RecordingError
from resources.simulator.simulation import Simulation
from tests.resources.simulator.conftest import EVENING, NOON, Caller, Hand


def now() -> datetime:
    return datetime(2026, 11, 25, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (Options(accounts=0), "simulate 0 accounts"),
        (Options(positions=-1), "simulate -1 positions"),
        (Options(market=Path("a"), replay=Path("b")), "--market and --replay"),
        (Options(logged_in=False, replay=Path("b")), "--logged-out and --replay"),
        (Options(clock=datetime(1990, 1, 2, tzinfo=UTC), positions=3), "open accounts on 1988-01-04: prices begin on"),
        (Options(clock=datetime(2000, 3, 1, tzinfo=UTC), opened=date(2000, 1, 3)), "prices begin on 2000-01-03"),
    ],
)
def test_options_that_make_no_gateway_are_named(options: Options, problem: str) -> None:
    with pytest.raises(OptionError, match=problem):
        build(options, real=Hand(), present=now)


def test_a_folder_without_a_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no envelope"):
        build(Options(replay=tmp_path), real=Hand(), present=now)


def test_the_clock_is_the_latest_evening_unless_given() -> None:
    started = [
        build(options, real=Hand(), present=now)[0].clock.now() for options in (Options(), Options(clock=EVENING))
    ]
    assert started == [datetime(2026, 11, 24, 23, tzinfo=UTC), EVENING]


def test_a_gateway_can_start_before_its_login_and_without_limits() -> None:
    simulation, application = build(
        Options(clock=EVENING, positions=3, logged_in=False, pacing=False), real=Hand(), present=now
    )
    client = Caller(application)
    assert {client.get("/iserver/auth/status").status for _ in range(20)} == {401}
    simulation.session.log_in(EVENING)
    assert {client.get("/iserver/auth/status").status for _ in range(20)} == {200}


def test_what_a_broken_limit_costs_is_a_matter_of_flavour() -> None:
    ten = Flavour(pacing=Rules(penalty=timedelta(minutes=10)))
    simulation, application = build(Options(clock=EVENING, positions=3, flavour=ten), real=Hand(), present=now)
    client = Caller(application)
    assert [client.get("/sso/validate").status for _ in range(2)] == [200, 429]
    simulation.clock.advance(timedelta(minutes=10))
    assert client.get("/sso/validate").status == 200


@pytest.mark.parametrize(("ticks", "authenticated"), [(False, False), (True, True)])
def test_a_gateway_that_ticks_itself_keeps_its_brokerage_session(ticks: bool, authenticated: bool) -> None:
    flavour = Flavour(ticks_itself=ticks)
    simulation, application = build(Options(clock=NOON, positions=3, flavour=flavour), real=Hand(), present=now)
    client = Caller(application)
    assert client.get("/iserver/auth/status").json["authenticated"]
    simulation.clock.advance(timedelta(minutes=6))
    assert client.get("/iserver/auth/status").json["authenticated"] is authenticated


def test_addresses_can_be_refused() -> None:
    _, application = build(Options(clock=EVENING, positions=3, deny=("127.*",)), real=Hand(), present=now)
    assert Caller(application).get("/tickle").body == b"Access Denied"


def test_there_are_contracts_for_every_position() -> None:
    assert Options().size() == 975
    assert Options(positions=5_000).size() == 8_100
    assert Options(positions=5_000, universe=6_000).size() == 6_000


def test_the_seeded_world_is_held_in_full_and_reconciles() -> None:
    simulation, application = build(Options(clock=EVENING), real=Hand(), present=now)
    assert isinstance(simulation, Simulation)
    client = Caller(application)
    client.get("/portfolio/accounts")
    pages = [client.get(f"/portfolio/U9900001/positions/{page}", waitForSecDef="true").json for page in (0, 1)]
    rows = [row for page in pages for row in page]
    base = client.get("/portfolio/U9900001/ledger").json["BASE"]
    told = client.post("/pa/performance", {"acctIds": ["U9900001"], "period": "1Y"}).json["nav"]["data"][0]
    assert len(rows) == 158
    assert {row["assetClass"] for row in rows} == {"STK", "OPT", "FUT", "BOND"}
    worth = sum(row["baseMktValue"] for row in rows if row["assetClass"] != "FUT")
    assert base["cashbalance"] + worth == pytest.approx(base["netliquidationvalue"], abs=0.01)
    assert told["navs"][-1] == pytest.approx(base["netliquidationvalue"], abs=0.005)
    assert min(told["navs"]) > 0


def test_prices_can_come_from_files(tmp_path: Path) -> None:
    path = tmp_path / "AAPL.csv"
    path.write_text(
        "date,open,high,low,close,volume\n2013-02-28,441.9,447.87,441.4,441.4,11518400\n2013-03-01,438,438.18,429.98,430.47,19730300\n"
    )
    evening = datetime(2013, 3, 1, 23, 30, tzinfo=UTC)
    simulation, application = build(Options(market=path, clock=evening), real=Hand(), present=now)
    client = Caller(application)
    client.get("/portfolio/accounts")
    rows = client.get("/portfolio/U9900001/positions/0", waitForSecDef="true").json
    assert simulation.clock.now() == evening
    assert [row["mktPrice"] for row in rows if row["conid"] == 265598] == [pytest.approx(430.47)]


def test_accounts_can_be_an_advisers_and_opened_on_a_day() -> None:
    options = Options(clock=EVENING, accounts=2, positions=5, adviser=True, opened=date(2026, 11, 2))
    simulation, _ = build(options, real=Hand(), present=now)
    assert isinstance(simulation, Simulation)
    assert simulation.account_ids == ["F9900000", "U9900001", "U9900002"]
    assert simulation.world.inception == date(2026, 11, 2)
    with pytest.raises(OptionError, match="open accounts on 2026-12-01"):
        build(Options(clock=EVENING, opened=date(2026, 12, 1)), real=Hand(), present=now)


def test_a_gateway_that_starts_logged_in_has_primed_itself_as_after_a_login() -> None:
    for wished, primed in (
        (Options(clock=EVENING, positions=3), True),
        (Options(clock=EVENING, logged_in=False), False),
    ):
        assert build(wished, real=Hand(), present=now)[0].session.primed is primed


def test_a_world_can_begin_on_the_day_after_the_first_prices() -> None:
    opened = date(2000, 1, 4)
    early = Options(clock=datetime(2000, 1, 5, 23, 30, tzinfo=UTC), opened=opened, positions=3)
    client = Caller(build(early, real=Hand(), present=now)[1])
    client.get("/portfolio/accounts")
    assert client.get("/portfolio/U9900001/ledger").status == 200
    assert client.post("/pa/allperiods", {"acctIds": ["U9900001"]}).status == 200


@pytest.mark.parametrize("status", [403, 404])
def test_how_a_refused_address_is_told_is_a_matter_of_flavour(status: int) -> None:
    options = Options(clock=EVENING, positions=3, deny=("*",), flavour=flavoured("newest", [f"denied_status={status}"]))
    answer = Caller(build(options, real=Hand(), present=now)[1]).get("/tickle")
    assert (answer.status, answer.body) == (status, b"Access Denied")


def test_a_bridge_can_take_its_time_after_each_init() -> None:
    slow = Options(clock=EVENING, positions=3, flavour=Flavour(bridge_seconds=4))
    simulation, application = build(slow, real=Hand(), present=now)
    client = Caller(application)
    assert client.get("/iserver/accounts").status == 200, "the session of the start has its bridge"
    status = client.post("/iserver/auth/ssodh/init", {"publish": True, "compete": True}).json
    assert (status["authenticated"], status["established"]) == (True, False)
    assert client.get("/iserver/accounts").json["error"] == "Bad Request: no bridge"
    simulation.clock.advance(timedelta(seconds=4))
    assert client.get("/iserver/auth/status").json["established"] is True
    assert client.get("/iserver/accounts").status == 200
