import pytest

from resources.simulator.limits.table import GLOBAL, HISTORY_A_MINUTE, limits


def told(method: str, path: str) -> list[tuple[int, float]]:
    return [(limit.requests, limit.span.total_seconds()) for limit in limits(method, path)]


@pytest.mark.parametrize(
    ("method", "path", "requests", "seconds"),
    [
        ("GET", "/iserver/account/orders", 1, 5),
        ("GET", "/iserver/account/trades", 1, 5),
        ("GET", "/iserver/account/pnl/partitioned", 1, 5),
        ("GET", "/iserver/marketdata/snapshot", 10, 1),
        ("GET", "/iserver/scanner/params", 1, 900),
        ("POST", "/iserver/scanner/run", 1, 1),
        ("POST", "/pa/performance", 1, 900),
        ("POST", "/pa/summary", 1, 900),
        ("POST", "/pa/transactions", 1, 900),
        ("GET", "/portfolio/accounts", 1, 5),
        ("GET", "/portfolio/subaccounts", 1, 5),
        ("GET", "/sso/validate", 1, 60),
        ("GET", "/tickle", 1, 1),
        ("POST", "/tickle", 1, 1),
        ("GET", "/fyi/unreadnumber", 1, 1),
        ("PUT", "/fyi/notifications/12345", 1, 1),
    ],
)
def test_an_endpoint_of_the_table_has_its_own_limit_below_the_global_one(
    method: str, path: str, requests: int, seconds: float
) -> None:
    assert told(method, path) == [(requests, seconds), (10, 1)]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/iserver/accounts"),
        ("GET", "/portfolio/U9900001/ledger"),
        ("POST", "/iserver/account/U9900001/orders"),
        ("GET", "/pa/performance"),
        ("GET", "/portfolio/subaccounts2"),
        ("GET", "/iserver/marketdata/history"),
        ("GET", "/fyi/nothing"),
    ],
)
def test_anything_else_counts_globally_only(method: str, path: str) -> None:
    assert limits(method, path) == [GLOBAL]


def test_notices_with_different_ids_count_together_and_different_endpoints_do_not() -> None:
    first, second = (limits("PUT", f"/fyi/notifications/{one}")[0].name for one in (1, 2))
    assert first == second != limits("GET", "/fyi/notifications")[0].name


def test_history_has_a_limit_of_its_own_since_september_2026() -> None:
    assert limits("GET", "/iserver/marketdata/history", history_a_minute=True) == [HISTORY_A_MINUTE, GLOBAL]
