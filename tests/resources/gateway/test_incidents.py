import multiprocessing
import os
import signal
import stat
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gateway.incidents import Incidents

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
NOON = datetime(2026, 11, 24, 17, tzinfo=UTC)
TUESDAY, WEDNESDAY = date(2026, 11, 24), date(2026, 11, 25)
ROUNDS = 25


def _at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


@pytest.fixture
def incidents(tmp_path: Path) -> Incidents:
    return Incidents(tmp_path / "login")


def test_only_the_first_to_notice_alerts(incidents: Incidents) -> None:
    assert incidents.open("login lapsed", at=_at(0), day=TUESDAY)
    assert not incidents.open("login lapsed", at=_at(1), day=TUESDAY)


def test_without_trouble_there_is_no_incident(incidents: Incidents) -> None:
    assert incidents.current() is None
    incidents.close(_at(0))
    incidents.retract(TUESDAY)
    assert incidents.current() is None


def test_a_restart_does_not_alert_again(tmp_path: Path) -> None:
    assert Incidents(tmp_path).open("login lapsed", at=_at(0), day=TUESDAY)
    assert not Incidents(tmp_path).open("login lapsed", at=_at(1), day=TUESDAY)


def test_another_day_at_risk_alerts_once_more(incidents: Incidents) -> None:
    told = [incidents.open("login lapsed", at=_at(0), day=day) for day in (TUESDAY, WEDNESDAY, TUESDAY, WEDNESDAY)]
    assert told == [True, True, False, False]
    current = incidents.current()
    assert current is not None
    assert current.alerted == (TUESDAY, WEDNESDAY)


def test_after_the_login_the_next_incident_alerts(incidents: Incidents) -> None:
    assert incidents.open("login lapsed", at=_at(0), day=TUESDAY)
    incidents.close(_at(1))
    assert incidents.current() is None
    assert incidents.open("login lapsed", at=_at(2), day=TUESDAY)


def test_trouble_that_changes_its_kind_is_the_same_incident(incidents: Incidents) -> None:
    kinds = ["gateway down", "login lapsed", "competing"]
    assert [incidents.open(kind, at=_at(minute), day=TUESDAY) for minute, kind in enumerate(kinds)] == [
        True,
        False,
        False,
    ]
    current = incidents.current()
    assert current is not None
    assert (current.kind, current.since, current.seen_at) == ("competing", _at(0), _at(2))


def test_who_saw_the_session_well_before_the_trouble_does_not_end_it(incidents: Incidents) -> None:
    incidents.open("login lapsed", at=_at(5), day=TUESDAY)
    incidents.open("login lapsed", at=_at(3), day=TUESDAY)
    incidents.close(_at(4))
    assert not incidents.open("login lapsed", at=_at(6), day=TUESDAY)
    incidents.close(_at(6))
    assert incidents.current() is None


def test_an_alert_that_reached_nobody_is_sent_by_the_next_to_notice(incidents: Incidents) -> None:
    assert incidents.open("login lapsed", at=_at(0), day=TUESDAY)
    assert incidents.open("login lapsed", at=_at(0), day=WEDNESDAY)
    incidents.retract(TUESDAY)
    assert not incidents.open("login lapsed", at=_at(1), day=WEDNESDAY)
    assert incidents.open("login lapsed", at=_at(1), day=TUESDAY)
    current = incidents.current()
    assert current is not None
    assert current.since == _at(0)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"kind": "login lapsed"}',
        b'{"kind":1,"since":2,"seen_at":3,"alerted":4}',
    ],
)
def test_a_damaged_file_counts_as_no_incident_and_is_replaced(
    incidents: Incidents, tmp_path: Path, content: bytes
) -> None:
    incidents.open("login lapsed", at=_at(0), day=TUESDAY)
    (tmp_path / "login" / "incident.json").write_bytes(content)
    assert incidents.current() is None
    assert incidents.open("competing", at=_at(1), day=TUESDAY)
    assert not incidents.open("competing", at=_at(2), day=TUESDAY)


def test_every_file_is_its_owners_alone(incidents: Incidents, tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        incidents.open("login lapsed", at=_at(0), day=TUESDAY)
    finally:
        os.umask(mask)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "login").iterdir()}
    assert modes == {"incident.json": 0o600, "incident.lock": 0o600}
    assert stat.S_IMODE((tmp_path / "login").stat().st_mode) == 0o700


def test_half_a_file_of_a_killed_process_is_swept_away(incidents: Incidents, tmp_path: Path) -> None:
    (tmp_path / "login").mkdir()
    (tmp_path / "login" / ".incident.json.dead.tmp").write_bytes(b'{"kind": "login la')
    assert incidents.open("login lapsed", at=_at(0), day=TUESDAY)
    assert sorted(path.name for path in (tmp_path / "login").iterdir()) == ["incident.json", "incident.lock"]


def _race(folder: Path, start: Barrier, told: "multiprocessing.SimpleQueue[list[bool]]") -> None:
    """Notice the same trouble as the other process at the same time, once per round."""
    alerts = []
    try:
        for number in range(ROUNDS):
            start.wait()
            alerts.append(Incidents(folder / str(number)).open("login lapsed", at=NOON, day=TUESDAY))
    except BaseException:
        start.abort()  # or the other would wait for this one for ever
        raise
    finally:
        told.put(alerts)


def test_of_two_processes_at_once_exactly_one_alerts(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start, told = context.Barrier(2), context.SimpleQueue()
    racers = [context.Process(target=_race, args=(tmp_path, start, told)) for _ in range(2)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert [racer.exitcode for racer in racers] == [0, 0]
    first, second = told.get(), told.get()
    assert [one + other for one, other in zip(first, second, strict=True)] == [1] * ROUNDS


NOTICER = """
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from resources.gateway.incidents import Incidents

incidents = Incidents(Path(sys.argv[1]))
for number in range(100_000):
    day = date(2000, 1, 1) + timedelta(days=number)
    assert incidents.open("login lapsed", at=datetime(2026, 11, 24, tzinfo=UTC), day=day)
    print(day, flush=True)
"""


@pytest.mark.parametrize("lines", [1, 2, 7, 20])
def test_whenever_a_process_is_killed_what_it_alerted_stays_alerted(tmp_path: Path, lines: int) -> None:
    command = [sys.executable, "-c", NOTICER, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as noticer:
        assert noticer.stdout is not None
        told = [noticer.stdout.readline() for _ in range(lines)]
        noticer.send_signal(signal.SIGKILL)
        told += noticer.stdout.readlines()
    assert noticer.returncode == -signal.SIGKILL
    days = [date.fromisoformat(line.strip()) for line in told]
    incidents = Incidents(tmp_path)
    assert [day for day in days if incidents.open("login lapsed", at=NOON, day=day)] == []
    current = incidents.current()
    assert current is not None
    assert len(current.alerted) - len(days) in {0, 1}
    assert incidents.open("login lapsed", at=NOON, day=WEDNESDAY)


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["down", "lapsed", "competing", "ready", "unsent"]),
        st.integers(0, 30),
        st.sampled_from([TUESDAY, WEDNESDAY]),
    ),
    max_size=12,
)


@given(_STEPS)
def test_whatever_happens_each_incident_alerts_once_per_day(steps: list[tuple[str, int, date]]) -> None:
    """Held against the rule itself: a day alerts unless it has since the last readiness that counted."""
    alerted: list[date] = []
    since = seen = None
    with TemporaryDirectory() as folder:
        for kind, minute, day in steps:
            incidents = Incidents(Path(folder))
            if kind == "ready":
                incidents.close(_at(minute))
                if seen is not None and minute >= seen:
                    alerted, since, seen = [], None, None
            elif kind == "unsent":
                incidents.retract(day)
                alerted = [one for one in alerted if one != day]
            else:
                assert incidents.open(kind, at=_at(minute), day=day) == (day not in alerted)
                alerted = alerted if day in alerted else [*alerted, day]
                since, seen = minute if since is None else since, max(minute, seen or 0)
            current = incidents.current()
            assert (current is None) == (seen is None)
            if current is not None and since is not None and seen is not None:
                assert (current.since, current.seen_at) == (_at(since), _at(seen))
                assert current.alerted == tuple(alerted)
