from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest

from resources.gateway.budget import Rank
from resources.gateway.endpoint import Endpoint
from resources.gateway.errors import Refused, Throttled
from resources.gateway.resource import Gateway, login_name, rank_of, tries_of
from resources.simulator.flavour import BUILDS
from resources.simulator.options import Options
from resources.simulator.server import serve
from tests.nights import CLOCKS, Timeless, clock_of
from tests.resources.gateway import crooked as scripted
from tests.resources.gateway.crooked import answer, crooked

pytestmark = pytest.mark.slow

BARS = Endpoint("/iserver/marketdata/history")
LEDGER = Endpoint("/portfolio/{account_id}/ledger")


def _run(parent: dg.DagsterRun | None = None, *, tags: dict[str, str] | None = None) -> dg.DagsterRun:
    return dg.DagsterRun(
        job_name="nightly",
        run_id=str(uuid4()),
        tags=tags or {},
        parent_run_id=parent.run_id if parent else None,
        root_run_id=(parent.root_run_id or parent.run_id) if parent else None,
    )


@pytest.mark.parametrize(
    ("tags", "rank"),
    [
        ({}, Rank.NIGHTLY),
        ({"dagster/partition": "2026-11-23"}, Rank.NIGHTLY),
        ({"dagster/backfill": "abc"}, Rank.BACKFILL),
        ({"dagster/asset_partition_range_start": "2026-11-02"}, Rank.BACKFILL),
    ],
)
def test_backfills_and_ranges_give_way_to_the_work_of_one_day(tags: dict[str, str], rank: Rank) -> None:
    assert rank_of(_run(tags=tags)) is rank


def test_work_outside_of_any_run_is_not_put_behind() -> None:
    assert rank_of(None) is Rank.NIGHTLY
    assert tries_of(None) == set()


def test_tries_of_the_same_are_the_run_the_one_it_retries_and_the_first() -> None:
    first = _run()
    second = _run(first)
    third = _run(second)
    assert tries_of(first) == {first.run_id}
    assert tries_of(third) == {first.run_id, second.run_id, third.run_id}


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://localhost:5000/v1/api", "localhost-5000"),
        ("https://127.0.0.1:5000/v1/api", "localhost-5000"),
        ("https://[::1]:5000/v1/api", "localhost-5000"),
        ("https://gateway.example/v1/api", "gateway.example-443"),
        ("http://localhost/v1/api", "localhost-80"),
    ],
)
def test_a_login_has_one_folder_however_its_gateway_is_spelled(url: str, name: str) -> None:
    assert login_name(url) == name


@contextmanager
def _gateway(url: str, folder: Path | None) -> Iterator[Gateway]:
    gateway = Gateway(base_url=url, shared=str(folder) if folder else None)
    yield gateway
    gateway.close()


def test_what_is_shared_outlives_the_run_and_what_is_not_is_gone_with_it(tmp_path: Path) -> None:
    with crooked(scripted.HEALTHY) as running:
        for shared, is_left in ((tmp_path, True), (None, False)):
            with _gateway(running.url, shared) as gateway:
                gateway.client.open()
                folder = gateway.folder
                assert (folder / "pace.json").exists()
            assert (folder / "pace.json").exists() is is_left


@dg.op
def ask_the_ledger(gateway: Gateway) -> None:
    with pytest.raises(Refused):
        gateway.client.ask(LEDGER, account_id="U9900001")


@dg.job(resource_defs={"gateway": Gateway.configure_at_launch()}, executor_def=dg.in_process_executor)
def asking() -> None:
    ask_the_ledger()


def test_a_retry_of_a_run_does_not_ask_what_the_run_was_refused_and_a_new_run_does(tmp_path: Path) -> None:
    ledger = "GET /portfolio/U9900001/ledger"
    job, home = dg.reconstructable(asking), tmp_path / "dagster"
    home.mkdir()
    quiet = {"telemetry": {"enabled": False}}
    with (
        crooked({**scripted.HEALTHY, ledger: answer(400, b'{"error":"bad"}')}) as running,
        dg.DagsterInstance.local_temp(str(home), overrides=quiet) as instance,
    ):
        config = {"resources": {"gateway": {"config": {"base_url": running.url, "shared": str(tmp_path)}}}}
        first = dg.execute_job(job, instance=instance, run_config=config)
        again = dg.ReexecutionOptions(parent_run_id=first.run_id)
        retried = dg.execute_job(job, instance=instance, run_config=config, reexecution_options=again)
        assert first.success
        assert retried.success
        assert running.asked.count(ledger) == 1
        assert dg.execute_job(job, instance=instance, run_config=config).success
    assert running.asked.count(ledger) == 2


@pytest.mark.parametrize(("per_minute", "broken"), [(50, False), (0, True)])
def test_a_gateway_that_limits_bars_by_the_minute_is_asked_no_faster_if_its_owner_says_so(
    tmp_path: Path, per_minute: int, broken: bool
) -> None:
    with serve(Options(positions=1, flavour=BUILDS["2026-09"])) as running:
        CLOCKS[running.url] = clock_of(running)
        gateway = Timeless(
            base_url=running.url,
            certificate=str(running.certificate),
            shared=str(tmp_path),
            history_per_minute=per_minute,
        )
        try:
            asked = [gateway.client.ask(BARS, query={"conid": 265598, "period": "2d", "bar": "1d"}) for _ in range(52)]
            assert (len(asked), broken) == (52, False)
        except Throttled:
            assert broken
        finally:
            gateway.close()
        assert bool(running.control.limits()["broken"]) == broken
