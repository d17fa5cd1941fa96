"""What our own processes wrote is landed without a gateway, a session or a profile that is decided."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from resources.gateway.resource import Gateway
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.nights import Nights

pytestmark = pytest.mark.slow

FRIDAY, SATURDAY, MONDAY, TUESDAY = "2024-11-22", "2024-11-23", "2024-11-25", "2024-11-26"
EVENING = datetime(2024, 11, 25, 23, 30, tzinfo=UTC)
LOCAL = ["requests", "gateway_session", "parked_work", "check_results", "bar_coverage", "corporate_actions"]


class Nowhere(Gateway):
    """A gateway of which not even the address can be had."""

    def address(self) -> tuple[str, str | None]:
        raise AssertionError("somebody wants to ask the gateway")


@pytest.mark.parametrize("dataset", LOCAL)
def test_any_day_can_be_landed_and_nobody_is_asked(dataset: str, tmp_path: Path) -> None:
    nights = Nights(tmp_path, gateway=None, kind=Nowhere)
    for day in (MONDAY, FRIDAY):
        outcome = nights.materialize(f"raw/{dataset}", dataset, day=day)
        assert outcome.failures == []
    assert nights.lake.raw.partitions(dataset) == [FRIDAY, MONDAY]
    assert nights.lake.tables.values(dataset) == [FRIDAY, MONDAY]


def test_a_profile_with_records_alone_is_not_decided_and_takes_either_kind_of_data(tmp_path: Path) -> None:
    nights = Nights(tmp_path, gateway=None, kind=Nowhere)
    assert nights.materialize("raw/requests", "requests", day=MONDAY).is_success
    assert not nights.lake.layout.profile_file.exists()
    assert nights.lake.layout.folder.stat().st_mode & 0o777 == 0o700
    with serve(Options(clock=EVENING, positions=2)) as gateway:
        assert Nights(tmp_path, gateway).materialize("raw/ledger", day=MONDAY).is_success
    assert nights.lake.layout.profile_file.exists()


def test_several_days_are_landed_in_one_run_each_for_itself(tmp_path: Path) -> None:
    nights = Nights(tmp_path, gateway=None, kind=Nowhere)
    outcome = nights.materialize("raw/requests", "requests", day=FRIDAY, last=TUESDAY)
    assert outcome.is_success, outcome.failures
    assert nights.lake.raw.partitions("requests") == [FRIDAY, MONDAY, TUESDAY]


def test_a_day_on_which_the_exchange_is_closed_is_no_work(tmp_path: Path) -> None:
    nights = Nights(tmp_path, gateway=None, kind=Nowhere)
    assert nights.materialize("raw/requests", "requests", day=SATURDAY).is_success
    assert nights.lake.raw.partitions("requests") == []


def test_a_day_that_has_not_begun_is_refused(tmp_path: Path) -> None:
    with serve(Options(clock=EVENING, positions=2)) as gateway:
        nights = Nights(tmp_path, gateway)
        assert nights.materialize("raw/requests", day=TUESDAY).failures == [
            f"requests of {TUESDAY}: that trading day has not begun, so nothing is written of it. Wait."
        ]
        assert gateway.simulation.requests.total == 0
    assert nights.lake.raw.partitions("requests") == []
