import pytest

from resources.simulator.contracts.catalogue import core
from resources.simulator.contracts.directory import Question, bonds, issued, singles

EVERYTHING = [listing.instrument for listing in core()]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        (Question("AAPL"), ["AAPL", "AAPL"]),
        (Question("AAP"), []),
        (Question("GOO", by_prefix=True), ["GOOG", "GOOGL"]),
        (Question("ALPHABET", by_name=True), ["GOOG", "GOOGL"]),
        (Question("GOOG", by_name=True), []),
        (Question("ES"), ["ES"]),
        (Question("ES", "STK"), []),
        (Question("ES", "IND"), ["ES"]),
        (Question("EUR"), ["EUR.USD"]),
        (Question("EUR.USD", "CASH"), ["EUR.USD"]),
        (Question("AAPL", "BOND"), []),
        (Question("SPY", "FND"), []),
    ],
)
def test_searches_mean_what_a_person_means(question: Question, found: list[str]) -> None:
    assert [each.symbol for each in singles(EVERYTHING, question)] == found


def test_bonds_are_found_by_the_symbol_or_name_of_their_issuer() -> None:
    assert len(bonds(EVERYTHING, Question("US-T"))) == 3
    [apple] = bonds(EVERYTHING, Question("APPLE", by_name=True))
    assert apple.instrument.symbol == "AAPL"
    assert issued(EVERYTHING, apple.issuer_id) == [apple]
    assert bonds(EVERYTHING, Question("US-T", "STK")) == []
