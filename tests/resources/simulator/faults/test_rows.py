from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from resources.simulator.faults.fault import Exchange, Fault, Reply, Request, told
from resources.simulator.faults.rows import Duplicated, Empty, Lacking, Repeated, Shifted, Stale

PAGE = Request("GET", "/portfolio/U9900001/positions/1")
FIRST = Request("GET", "/portfolio/U9900001/positions/0")


def page(*names: int) -> Reply:
    return told(200, [{"conid": name} for name in names])


def names(reply: Reply) -> list[int]:
    return [row["conid"] for row in reply.json]


def spoil(fault: Fault, reply: Reply, other: Reply | None = None, request: Request = PAGE) -> Reply:
    return fault.strike(Exchange(request, reply, other))


def test_a_repeated_page_is_the_one_before() -> None:
    assert Repeated().beside(PAGE) == FIRST
    assert Repeated().beside(FIRST) is None
    assert names(spoil(Repeated(), page(3, 4), page(1, 2))) == [1, 2]
    assert names(spoil(Repeated(), page(1, 2), None)) == [1, 2]


def test_a_page_may_be_numbered_in_the_query() -> None:
    asked = Request("GET", "/portfolio/subaccounts2", (("page", "2"), ("sort", "a")))
    beside = Repeated().beside(asked)
    assert beside is not None
    assert beside.query == (("page", "1"), ("sort", "a"))


def test_what_has_no_page_has_no_neighbour() -> None:
    assert Repeated().beside(Request("GET", "/portfolio/accounts")) is None


def test_a_new_position_pushes_the_last_row_of_the_page_before_onto_this_one() -> None:
    down = Shifted(size=3)
    assert names(spoil(down, page(14, 15, 16), page(11, 12, 13))) == [13, 14, 15]
    assert names(spoil(down, page(14), page(11, 12, 13))) == [13, 14]
    assert names(spoil(down, page(), page(11, 12))) == [], "a page that is not full pushes nothing on"
    assert names(spoil(down, page(11, 13, 15), None, FIRST)) == [12, 11, 13], "somebody new in front"


def test_a_position_that_went_away_pulls_rows_up_past_the_reader() -> None:
    up = Shifted(direction="up")
    assert up.beside(PAGE) == Request("GET", "/portfolio/U9900001/positions/2")
    assert up.beside(FIRST) == PAGE
    assert names(spoil(up, page(4, 5, 6), page(7))) == [5, 6, 7]
    assert names(spoil(up, page(4, 5), page())) == [5]


def test_a_stale_reply_is_the_first_one() -> None:
    assert names(spoil(Stale(), page(2), page(1))) == [1]


@given(st.lists(st.integers(1, 9)), st.integers(1, 5))
def test_duplicated_rows_are_some_of_the_beginning_once_more(held: list[int], rows: int) -> None:
    assert names(spoil(Duplicated(rows=rows), page(*held))) == held + held[:rows]


def test_emptied_lists_keep_what_is_around_them() -> None:
    cases: list[tuple[Any, Any]] = [
        ([{"conid": 1}], []),
        ({"secdef": [{"conid": 1}], "pageSize": 100}, {"secdef": [], "pageSize": 100}),
        ({"BASE": {"cash": 1}}, {}),
    ]
    assert [spoil(Empty(), told(200, given)).json for given, _ in cases] == [left for _, left in cases]


def test_errors_are_left_alone() -> None:
    assert not Duplicated().suits(told(500, {"error": "boom"}))
    assert not Duplicated().suits(Reply(200, b"<html>"))
    assert Duplicated().suits(page(1))


def test_rows_of_a_range_are_missing_and_the_others_stay() -> None:
    lacking = Lacking(field="conid", least=2, below=4)
    assert names(spoil(lacking, page(1, 2, 3, 4))) == [1, 4]
    bars = told(200, {"points": 1, "data": [{"t": 1000}, {"t": 2000}, {"x": 5}, {"t": None}]})
    assert spoil(Lacking(least=1000, below=2000), bars).json["data"] == [{"t": 2000}, {"x": 5}, {"t": None}]
