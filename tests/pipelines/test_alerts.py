from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.alerts import LONGEST_REASON, AtRisk, Kind, compose, trial
from resources.calendar.new_york import NEW_YORK

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 25, 0, 5, tzinfo=NEW_YORK)
OPEN = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)  # 09:30 in New York
TUESDAY = date(2026, 11, 24)
API = "https://localhost:5000/v1/api"


def _body(kind: Kind = Kind.LOGIN_LAPSED, *at_risk: AtRisk, now: datetime = NOW) -> str:
    return compose(kind, "", login_url=API, at_risk=at_risk, now=now).body


def test_a_lapsed_login_reads_as_a_person_would_say_it() -> None:
    alert = compose(
        Kind.LOGIN_LAPSED,
        "GET /portfolio/U1234567/ledger: 401, nobody is logged in.",
        login_url=API,
        at_risk=[
            AtRisk("bars_1d", (TUESDAY,), None),
            AtRisk("positions", (TUESDAY,), OPEN),
            AtRisk("ledger", (TUESDAY,), OPEN),
        ],
        now=NOW,
        since=NOW - timedelta(minutes=5),
        zone=BERLIN,
    )
    assert alert.title == "IBKR: log in by Wed 09:30 New York"
    assert alert.body == (
        "Nobody is logged in at the IBKR gateway. First noticed Wed 25 Nov 00:00 New York.\n\n"
        "On the gateway's computer open https://localhost:5000 and log in, with your phone for the second step. "
        "What waits then goes on by itself.\n\n"
        "Lost for good if not fetched before Wed 25 Nov 09:30 New York / 15:30 CET (in 9 hours):\n"
        "- positions, ledger of Tue 24 Nov\n\n"
        "Waits, nothing of it is lost:\n"
        "- bars_1d of Tue 24 Nov\n\n"
        "Details: GET /portfolio/U…4567/ledger: 401, nobody is logged in."
    )


def test_a_download_beyond_its_quote_says_what_to_raise_and_asks_nobody_to_log_in() -> None:
    alert = compose(Kind.OVER_QUOTE, "", login_url=API, at_risk=(), now=NOW)
    assert alert.title == "IBKR: a download stopped"
    assert "raise quote_margin under [bars] in the TOML" in alert.body
    assert "log in" not in alert.body


@pytest.mark.parametrize("kind", [Kind.LOGIN_LAPSED, Kind.COMPETING, Kind.GATEWAY_DOWN])
def test_whatever_needs_a_person_names_the_login_page_and_what_follows(kind: Kind) -> None:
    body = _body(kind)
    assert "https://localhost:5000 " in body
    assert "/v1/api" not in body
    assert "What waits then goes on by itself." in body


def test_a_competing_login_says_where_to_log_out_and_that_nobody_was_thrown_out() -> None:
    body = _body(Kind.COMPETING)
    assert "in use elsewhere" in body
    assert "Log out there; nobody was thrown out from here." in body


def test_a_gateway_that_is_down_is_to_be_started() -> None:
    assert "Start it on its computer" in _body(Kind.GATEWAY_DOWN)


def test_a_broken_limit_asks_nothing_and_says_when_it_goes_on() -> None:
    alert = compose(
        Kind.LIMIT_BROKEN, "", login_url=API, at_risk=(), now=NOW, resumes_at=NOW + timedelta(minutes=14, seconds=59)
    )
    assert alert.title == "IBKR: paused until Wed 00:19 New York"
    assert "Nothing to do: it goes on by itself on Wed 25 Nov 00:19 New York (in 14 min)." in alert.body
    assert "localhost" not in alert.body


def test_a_limit_that_ends_nobody_knows_when_still_goes_on_by_itself() -> None:
    alert = compose(Kind.LIMIT_BROKEN, "", login_url=API, at_risk=(AtRisk("ledger", (TUESDAY,), OPEN),), now=NOW)
    assert alert.title == "IBKR: paused"
    assert "it goes on by itself. If another program" in alert.body


def test_what_is_lost_first_comes_first_then_what_waits_then_what_is_gone() -> None:
    body = _body(
        Kind.LOGIN_LAPSED,
        AtRisk("gone", (date(2026, 11, 23),), NOW),
        AtRisk("bars_1d", (), None),
        AtRisk("trades", (date(2026, 11, 20), TUESDAY), OPEN + timedelta(days=3)),
        AtRisk("positions", (TUESDAY,), OPEN),
    )
    lines = body.splitlines()
    assert lines[4:] == [
        "Lost for good if not fetched before Wed 25 Nov 09:30 New York (in 9 hours):",
        "- positions of Tue 24 Nov",
        "",
        "Lost for good if not fetched before Sat 28 Nov 09:30 New York (in 3 days):",
        "- trades of 2 days, Fri 20 Nov to Tue 24 Nov",
        "",
        "Waits, nothing of it is lost:",
        "- bars_1d",
        "",
        "Lost already:",
        "- gone of Mon 23 Nov",
    ]


def test_the_title_has_no_deadline_when_nothing_can_be_saved_or_lost() -> None:
    at_risk = [AtRisk("ledger", (TUESDAY,), NOW - timedelta(hours=1)), AtRisk("bars_1d", (TUESDAY,), None)]
    assert compose(Kind.LOGIN_LAPSED, "", login_url=API, at_risk=at_risk, now=NOW).title == "IBKR: log in"


def test_a_deadline_far_away_is_a_date() -> None:
    at_risk = [AtRisk("trades", (TUESDAY,), OPEN + timedelta(days=7))]
    title = compose(Kind.LOGIN_LAPSED, "", login_url=API, at_risk=at_risk, now=NOW).title
    assert title == "IBKR: log in by 2 Dec 09:30 New York"


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(seconds=59), "(now)"),
        (timedelta(minutes=1), "(in 1 min)"),
        (timedelta(minutes=119, seconds=59), "(in 119 min)"),
        (timedelta(hours=2), "(in 2 hours)"),
        (timedelta(hours=47, minutes=59), "(in 47 hours)"),
        (timedelta(hours=48), "(in 2 days)"),
    ],
)
def test_time_left_is_rounded_down(left: timedelta, words: str) -> None:
    assert words in _body(Kind.LOGIN_LAPSED, AtRisk("ledger", (TUESDAY,), NOW + left))


def test_a_day_of_another_year_says_so_and_an_instant_on_another_day_elsewhere_too() -> None:
    at_risk = [AtRisk("bars_1d", (date(2025, 12, 31),), datetime(2026, 11, 25, 23, 30, tzinfo=NEW_YORK))]
    body = compose(Kind.LOGIN_LAPSED, "", login_url=API, at_risk=at_risk, now=NOW, zone=BERLIN).body
    assert "before Wed 25 Nov 23:30 New York / Thu 26 Nov 05:30 CET (in 23 hours)" in body
    assert "- bars_1d of Wed 31 Dec 2025" in body


def test_new_yorks_summer_time_is_kept() -> None:
    july = datetime(2026, 7, 1, 13, 30, tzinfo=UTC)
    assert "before Wed 1 Jul 09:30 New York (in 2 hours)" in _body(
        Kind.LOGIN_LAPSED, AtRisk("ledger", (), july), now=july - timedelta(hours=2)
    )


def test_a_long_reason_is_one_line_and_is_cut() -> None:
    body = compose(Kind.LOGIN_LAPSED, "so\n it  goes " * 100, login_url=API, at_risk=(), now=NOW).body
    told = body.partition("Details: ")[2]
    assert told.startswith("so it goes so it goes")
    assert len(told) <= LONGEST_REASON + 1
    assert told.endswith("…")


_ACCOUNTS = st.from_regex(r"D?U[0-9]{6,8}", fullmatch=True)
_INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_RISKS = st.builds(
    AtRisk,
    st.sampled_from(["positions", "ledger", "bars_1d"]),
    st.lists(st.dates(date(2020, 1, 1), date(2030, 1, 1)), max_size=3).map(tuple),
    st.none() | _INSTANTS,
)


@given(st.sampled_from(Kind), _ACCOUNTS, st.lists(_RISKS, max_size=6), _INSTANTS)
def test_no_alert_names_an_account_and_every_alert_names_all_that_is_at_risk(
    kind: Kind, account: str, at_risk: list[AtRisk], now: datetime
) -> None:
    reason = f"GET /portfolio/{account}/ledger: 401 ({account}), query ?a={account}."
    alert = compose(kind, reason, login_url=API, at_risk=at_risk, now=now)
    assert account not in alert.title + alert.body
    listed = [line for line in alert.body.splitlines() if line.startswith("- ")]
    assert {one.dataset for one in at_risk} == {
        name for line in listed for name in line[2:].partition(" of ")[0].split(", ")
    }
    assert len(alert.title) <= 60
    assert "\n" not in alert.title


def test_the_trial_says_that_there_is_nothing_to_do() -> None:
    alert = trial(OPEN)
    assert alert.title == "IBKR: test"
    assert "Sent Wed 25 Nov 09:30 New York; there is nothing to do." in alert.body
