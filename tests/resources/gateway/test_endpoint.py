from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.envelope import Envelope, Request
from resources.gateway.endpoint import Endpoint, Local, Numbered, Page, Totalled
from resources.gateway.errors import NotListed
from resources.gateway.resource import Gateway
from resources.simulator.options import Options
from resources.simulator.server import serve

POSITIONS = Endpoint("/portfolio/{account_id}/positions/{page}", paging=Numbered(3))
CALLS = Local("/calls")


@pytest.mark.parametrize(("method", "path"), [("PUT", "/portfolio/{account_id}/ledger"), ("POST", "/logout")])
def test_what_is_not_listed_cannot_even_be_written(method: str, path: str) -> None:
    with pytest.raises(NotListed, match="is not on the list of what may be sent"):
        Endpoint(path, method=method)


@given(account_id=st.text(min_size=1, max_size=12), page=st.text(min_size=1, max_size=6))
def test_no_value_reaches_another_path(account_id: str, page: str) -> None:
    try:
        request = POSITIONS.request(account_id=account_id, page=page)
    except (NotListed, UnicodeEncodeError):
        return
    assert request.path.count("/") == 4
    assert POSITIONS.answers(request)
    assert not any(mark in request.path for mark in ("?", "#", "//", "/../"))


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_value_that_would_name_another_path_is_refused(value: str) -> None:
    with pytest.raises(NotListed, match="Nothing was sent"):
        POSITIONS.request(account_id=value, page=0)


@pytest.mark.parametrize(("held", "requests"), [(0, 1), (2, 1), (3, 2), (4, 2), (6, 3)])
def test_pages_are_walked_to_the_first_short_one(held: int, requests: int) -> None:
    asked: list[int] = []

    def ask(page: int) -> Page:
        asked.append(page)
        rows: list[Any] = [0] * max(0, min(3, held - 3 * page))
        return _page(rows, page)

    pages = list(POSITIONS.paging(ask))
    assert sum(len(page.json) for page in pages) == held
    assert asked == list(range(requests))


def _walked(*bodies: Any, size: int = 2) -> int:
    """How many pages are asked of a gateway that answers so, page by page."""
    paging, asked = Totalled("rows", size=size), list[int]()

    def ask(query: dict[str, int]) -> Page:
        asked.append(query["page"])
        return _page(bodies[query["page"]], query["page"])

    list(paging(ask))
    assert asked == list(range(len(asked)))
    return len(asked)


def _told(total: int, *rows: int) -> dict[str, Any]:
    return {"metadata": {"total": total, "pageSize": 2, "pageNum": 0}, "rows": list(rows)}


@pytest.mark.parametrize(
    ("bodies", "requests"),
    [
        ([_told(2, 1, 2)], 1),
        ([_told(3, 1, 2), _told(3, 3)], 2),
        ([_told(4, 1, 2), _told(4, 3, 4)], 2),
        ([_told(9, 1, 2), _told(9)], 2),
        ([_told(0)], 1),
        ([{"rows": [1]}], 1),
    ],
)
def test_pages_that_tell_a_total_are_walked_until_so_many_rows_came(bodies: list[Any], requests: int) -> None:
    assert _walked(*bodies) == requests


@pytest.mark.parametrize(
    ("bodies", "requests"),
    [([[1]], 1), ([[1, 2], [3]], 2), ([[1, 2], []], 2), ([[1, 2], [1, 2]], 2), ([[1, 2, 3]], 1), ([[]], 1)],
)
def test_bare_arrays_end_with_a_page_that_is_not_full_or_comes_twice(bodies: list[Any], requests: int) -> None:
    assert _walked(*bodies) == requests


def test_a_page_knows_what_was_asked_from_path_query_and_body() -> None:
    performance = Endpoint("/pa/performance", method="POST")
    body = {"acctIds": ["U9900001"], "period": "1Y"}
    request = performance.request(query={"a": 1}, body=body)
    page = Page(performance, Envelope(request, 200, {}, b"{}", datetime.now(UTC), "run"))
    assert page.params == {"a": "1", **body}
    assert _page([], 7).params == {"account_id": "U9900001", "page": "7"}


def test_a_record_of_our_own_is_kept_and_found_again_as_if_it_had_been_asked_for() -> None:
    request = CALLS.request(trading_day="2026-11-23", page=3)
    page = Page(CALLS, Envelope(request, 200, {}, b"[]", datetime.now(UTC), "run"))
    assert str(request) == "LOCAL /calls?trading_day=2026-11-23&page=3"
    assert (page.json, page.params) == ([], {"trading_day": "2026-11-23", "page": "3"})
    assert CALLS.answers(request)
    assert not CALLS.answers(Local("/observations").request())
    assert not CALLS.answers(Request("GET", "/calls", {}))


def test_a_record_of_our_own_is_not_on_the_list() -> None:
    with pytest.raises(NotListed, match="LOCAL /calls is not on the list"):
        Endpoint(CALLS.path, method=CALLS.method)


def test_a_record_of_our_own_cannot_be_asked_of_the_gateway(tmp_path: Path) -> None:
    with serve(Options(positions=1)) as running:
        gateway = Gateway(base_url=running.url, certificate=str(running.certificate), shared=str(tmp_path))
        with pytest.raises(AttributeError, match="'Local' object has no attribute 'tier'"):
            gateway.client.ask(CALLS)  # type: ignore[arg-type]
        gateway.close()
        assert running.simulation.requests.total == 0


def _page(rows: list[Any], number: int) -> Page:
    request = Request("GET", f"/portfolio/U9900001/positions/{number}", {})
    return Page(POSITIONS, Envelope(request, 200, {}, orjson.dumps(rows), datetime.now(UTC), "run"))
