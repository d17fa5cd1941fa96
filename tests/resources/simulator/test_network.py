import pytest

from resources.simulator.network import Network
from tests.resources.simulator.conftest import Desk


@pytest.mark.parametrize(
    ("network", "address", "passes"),
    [
        (Network(), "127.0.0.1", True),
        (Network(allow=("127.*",)), "127.0.0.1", True),
        (Network(allow=("192.168.*",)), "127.0.0.1", False),
        (Network(deny=("127.0.0.*",)), "127.0.0.1", False),
        (Network(allow=("127.0.0.1",), deny=("127.*",)), "127.0.0.1", False),
    ],
)
def test_an_address_passes_when_it_is_allowed_and_not_denied(network: Network, address: str, passes: bool) -> None:
    assert (network.turned_away(address) is None) == passes


@pytest.mark.parametrize("status", [404, 403])
def test_a_denied_address_reads_two_words_whatever_it_asks(desk: Desk, status: int) -> None:
    desk.simulation.network.deny = ("127.*",)
    desk.simulation.network.denied_status = status
    for path in ("/", "/sso/Login", "/v1/api/tickle", "/nothing"):
        answer = desk.client.call("GET", path)
        assert (answer.status, answer.body) == (status, b"Access Denied")
        assert answer.headers["content-type"].startswith("text/plain")


def test_a_blocked_gateway_reads_a_page_with_a_reference_until_the_block_is_lifted(desk: Desk) -> None:
    desk.simulation.network.blocked = True
    answer = desk.client.get("/portfolio/accounts")
    assert answer.status == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert b"Access Denied" in answer.body
    assert b"Reference" in answer.body
    desk.simulation.network.blocked = False
    assert desk.client.get("/portfolio/accounts").status == 200
