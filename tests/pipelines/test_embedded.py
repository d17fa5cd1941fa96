import socket
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import dagster as dg
import pytest

from pipelines.embedded import EmbeddedGateway
from resources.calendar.trading_days import trading_calendar

SMALL = {"positions": 3}


def test_it_is_not_there_until_it_is_asked_and_is_gone_after_the_run() -> None:
    seen: dict[str, object] = {}

    @dg.op
    def ask(gateway: EmbeddedGateway) -> None:
        assert gateway._client is None, "nothing was started"
        client = gateway.client
        seen["accounts"] = client.account_ids()
        seen["simulated"] = client.is_simulator
        assert gateway.client is client, "a run has one client"
        seen["url"] = client.exchange.base_url

    @dg.job(resource_defs={"gateway": EmbeddedGateway(simulator=SMALL)})
    def asking() -> None:
        ask()

    assert asking.execute_in_process().success
    assert seen["accounts"] == ("U9900001",)
    assert seen["simulated"] is True
    port = urlsplit(str(seen["url"])).port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port or 0), timeout=60)


def test_its_certificate_is_pinned_like_any_other() -> None:
    gateway = EmbeddedGateway(simulator=SMALL)
    with dg.build_init_resource_context() as context:
        url, certificate = gateway.address()
        assert url.startswith("https://localhost:")
        assert "BEGIN CERTIFICATE" in Path(str(certificate)).read_text()
        gateway.teardown_after_execution(context)
    assert not Path(str(certificate)).exists()


def test_it_lives_on_the_evening_of_the_latest_closed_day() -> None:
    gateway = EmbeddedGateway(simulator=SMALL)
    with dg.build_init_resource_context() as context:
        latest = trading_calendar("XNYS").latest_closed(datetime.now(UTC))
        assert trading_calendar("XNYS").day_of(gateway.client.now) == latest
        gateway.teardown_after_execution(context)


def test_it_can_be_opened_again_after_the_run() -> None:
    gateway = EmbeddedGateway(simulator=SMALL)
    told = []
    for _ in range(2):
        with dg.build_init_resource_context() as context:
            told.append(gateway.client.account_ids())
            gateway.teardown_after_execution(context)
    assert told == [("U9900001",)] * 2
