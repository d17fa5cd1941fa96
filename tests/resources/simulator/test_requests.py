from resources.simulator.faults.files import parse_rules
from resources.simulator.requests import LONGEST, Requests
from tests.resources.simulator.conftest import EVENING, Desk


def test_every_request_is_noted_with_its_outcome(desk: Desk) -> None:
    desk.client.get("/portfolio/accounts", page="1")
    body = desk.client.get("/nothing").body
    first, second = desk.simulation.requests
    assert (first.number, first.method, first.path, first.query) == (1, "GET", "/portfolio/accounts", "page=1")
    assert (first.at, first.status, first.took, first.touched) == (EVENING, 200, 0.0, [])
    assert (second.status, second.bytes) == (404, len(body))


def test_what_touched_a_request_is_noted(desk: Desk) -> None:
    desk.simulation.faults.add(parse_rules({"faults": ["slow", "failing"], "path": "/tickle"}))
    desk.simulation.clock.tick_at(0)
    desk.client.get("/tickle")
    [asked] = desk.simulation.requests
    assert (asked.status, asked.touched) == (500, ["slow", "failing"])


def test_refusals_and_strange_paths_are_requests_too(desk: Desk) -> None:
    desk.client.call("GET", "/v2/nothing")
    desk.client.headers = {}
    desk.client.get("/tickle")
    assert [(asked.path, asked.status) for asked in desk.simulation.requests] == [
        ("/v2/nothing", 404),
        ("/tickle", 403),
    ]


def test_they_can_be_listed_from_a_number_on_and_by_path(desk: Desk) -> None:
    for path in ("/tickle", "/portfolio/accounts", "/tickle"):
        desk.client.get(path)
    requests = desk.simulation.requests
    assert [asked.number for asked in requests.listed(since=1)] == [2, 3]
    assert [asked.number for asked in requests.listed(path="/tick*")] == [1, 3]


def test_only_so_many_are_kept_and_numbers_go_on() -> None:
    requests = Requests(kept=2)
    for _ in range(3):
        requests.begin({"path": "/v1/api/" + "x" * 999, "query_string": b"", "method": "GET"}, at=EVENING, elapsed=0)
    assert [asked.number for asked in requests] == [2, 3]
    assert {len(asked.path) for asked in requests} == {LONGEST}
    requests.clear()
    assert (requests.listed(), requests.total) == ([], 3)
