import pytest

from resources.simulator.prefix import endpoint


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/v1/api/tickle", "/tickle"),
        ("/v1/portal/iserver/accounts", "/iserver/accounts"),
        ("/v1/api/iserver/account/trades/", "/iserver/account/trades"),
        ("/v1/portal//trsrv/stocks", "/trsrv/stocks"),
        ("/v1/api/iserver//accounts//", "/iserver/accounts"),
        ("/v1/api/", "/"),
        ("/v1/apitickle", None),
        ("/v1/api", None),
        ("/tickle", None),
    ],
)
def test_an_endpoint_lies_below_a_prefix(path: str, found: str | None) -> None:
    assert endpoint(path) == found
