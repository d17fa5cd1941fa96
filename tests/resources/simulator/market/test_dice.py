import numpy as np

from resources.simulator.market.dice import drawn

DAYS = np.arange(730_000, 740_000, dtype=np.int64)


def test_draws_are_spread_evenly_over_the_unit() -> None:
    found = drawn(265598, DAYS, 1)
    assert np.all((found >= 0) & (found < 1))
    assert np.all(np.abs(np.histogram(found, bins=10, range=(0, 1))[0] - 1000) < 150)


def test_contracts_days_and_questions_have_draws_of_their_own() -> None:
    one = drawn(265598, DAYS, 1)
    for other in (drawn(265599, DAYS, 1), drawn(265598, DAYS, 2), drawn(265598, DAYS + 1, 1)):
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.05


def test_a_draw_does_not_depend_on_the_days_around_it() -> None:
    assert drawn(8314, DAYS, 3)[5] == drawn(8314, DAYS[5:6], 3)[0]
