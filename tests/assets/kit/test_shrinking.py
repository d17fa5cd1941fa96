import pytest

from assets.kit.shrinking import Limits, Measure, Shrinks, shrinkage

LIMITS = Limits(share=0.5, least_rows=10)


def measure(**accounts: int) -> Measure:
    return Measure(sum(accounts.values()), accounts)


def told(before: Measure, now: Measure, *, shrinks: Shrinks = "seldom", asked: set[str] | None = None) -> str | None:
    return shrinkage(before, now, limits=LIMITS, shrinks=shrinks, asked=asked, since="2024-11-22")


@pytest.mark.parametrize(
    ("before", "now", "is_sudden"),
    [(120, 59, True), (120, 60, False), (120, 500, False), (10, 4, True), (9, 0, False), (10, 0, True), (0, 0, False)],
)
def test_fewer_than_a_part_of_enough_rows_are_sudden(before: int, now: int, is_sudden: bool) -> None:
    assert (told(Measure(before, {}), Measure(now, {})) is not None) is is_sudden


def test_it_is_said_what_shrank_from_what_to_what() -> None:
    assert told(measure(U1234567=100, U7654321=40), measure(U1234567=20)) == (
        "20 rows, where 2024-11-22 had 140; account U…4567 has 20 rows, where 2024-11-22 had 100; "
        "account U…4321 has no rows, where 2024-11-22 had 40"
    )


def test_an_account_that_shrinks_is_seen_though_the_table_as_a_whole_hardly_does() -> None:
    assert told(measure(A=1000, B=20), measure(A=1000, B=9)) == "account B has 9 rows, where 2024-11-22 had 20"


@pytest.mark.parametrize(("shrinks", "is_sudden"), [("seldom", True), ("to_nothing", False)])
def test_a_small_account_may_come_to_hold_nothing_where_the_dataset_says_so(shrinks: Shrinks, is_sudden: bool) -> None:
    found = told(measure(A=50, B=3), measure(A=50), shrinks=shrinks, asked={"A", "B"})
    assert (found is not None) is is_sudden


def test_an_account_that_was_not_asked_for_is_gone_and_takes_its_rows_along() -> None:
    assert told(measure(A=20, B=100), measure(A=20), asked={"A"}) is None


def test_without_requests_that_name_accounts_one_that_is_gone_is_in_doubt() -> None:
    assert told(measure(A=1, B=1), measure(A=1)) == "account B has no rows, where 2024-11-22 had 1"


def test_accounts_that_the_owner_does_not_keep_any_more_do_not_count() -> None:
    assert measure(A=20, B=100).of(["A"]) == measure(A=20)
    assert Measure(7, {}).of(["A"]) == Measure(7, {})
