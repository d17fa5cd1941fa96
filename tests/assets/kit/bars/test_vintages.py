"""What tells a split from all else, on bars made by hypothesis: prices on ticks, few bars, days without volume."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from assets.kit.bars.vintages import Bars, Floats, compare

FACTORS = [Fraction(*one) for one in ((2, 1), (3, 1), (3, 2), (4, 3), (5, 4), (7, 1), (20, 1), (21, 20))]
FACTORS += [1 / factor for factor in FACTORS]
CENTS = 100


def made(*prices: tuple[float, ...], volume: list[float] | None = None) -> Bars:
    count = len(prices)
    return Bars(np.array(prices), np.array(volume or [1000.0] * count), np.zeros(count))


def adjusted(bars: Bars, factor: float, rows: slice = slice(None), ticks: int = CENTS) -> Bars:
    """As a gateway serves them: prices on the tick, volumes in new shares."""
    prices, volume = bars.prices.copy(), bars.volume.copy()
    prices[rows] = np.rint(prices[rows] / factor * ticks) / ticks
    volume[rows] = volume[rows] * factor
    return Bars(prices, volume, bars.slack)


@st.composite
def bars(draw: st.DrawFn, *, least: int = 1, most: int = 8) -> Bars:
    """Bars between 20 and 2,000, in cents, that move by some percent a day; some days nothing is traded."""
    count = draw(st.integers(least, most))
    base = draw(st.integers(2_000, 200_000))
    steps = draw(st.lists(st.integers(-400, 400), min_size=4 * count, max_size=4 * count))
    ends = np.round(base * (1 + np.array(steps, dtype=np.float64).reshape(count, 4) / 10_000))
    ordered = np.sort(ends, axis=1)
    prices = np.stack([ends[:, 0], ordered[:, 3], ordered[:, 0], ends[:, 1]], axis=1)
    prices[:, 3] = np.clip(prices[:, 3], ordered[:, 0], ordered[:, 3])
    volume = draw(st.lists(st.sampled_from([0, 1]) | st.integers(100, 10**8), min_size=count, max_size=count))
    return Bars(prices / CENTS, np.array(volume, dtype=np.float64), np.zeros(count))


@given(known=bars(), factor=st.sampled_from(FACTORS), after=st.integers(0, 3))
def test_a_split_is_found_with_its_exact_factor_and_its_last_day(known: Bars, factor: Fraction, after: int) -> None:
    count = len(known.volume)
    split = count - min(after, count - 1)
    assume(split > 1 or known.volume[0] > 1)
    found = compare(known, adjusted(known, float(factor), slice(0, split)))
    assert found.ratio is not None
    assert found.ratio.factor == pytest.approx(float(factor), rel=1e-12)
    assert (found.ratio.last, found.ratio.agreed) == (split - 1, split)
    assert not found.is_restated.any(), "the split explains all of it"


@given(known=bars())
def test_what_came_again_as_it_was_is_nothing(known: Bars) -> None:
    found = compare(known, known)
    assert found.ratio is None
    assert not found.is_restated.any()


@given(known=bars(least=3), factor=st.sampled_from(FACTORS), data=st.data())
def test_a_bar_restated_on_the_night_of_a_split_hides_neither(known: Bars, factor: Fraction, data: Any) -> None:
    assume((known.volume > 1).sum() >= 3)
    came = adjusted(known, float(factor))
    wrong = data.draw(st.integers(0, len(known.volume) - 1))
    came.prices[wrong, 3] = came.prices[wrong, 3] * 1.2 + 0.05
    found = compare(known, came)
    assert found.ratio is not None
    assert found.ratio.factor == pytest.approx(float(factor), rel=1e-12)
    assert wrong in np.flatnonzero(found.is_restated)
    assert found.is_restated.sum() == 1


@given(known=bars(), row=st.integers(0, 7), side=st.integers(0, 3), by=st.integers(1, 50))
def test_one_price_of_one_bar_that_changed_is_a_restatement_and_no_split(
    known: Bars, row: int, side: int, by: int
) -> None:
    row %= len(known.volume)
    came = Bars(known.prices.copy(), known.volume, known.slack)
    came.prices[row, side] += by / CENTS
    found = compare(known, came)
    assert found.ratio is None
    assert np.flatnonzero(found.is_restated).tolist() == [row]


@given(known=bars(), noise=st.lists(st.integers(-300, 300), min_size=4, max_size=4, unique=True))
def test_a_noisy_day_is_no_split(known: Bars, noise: list[int]) -> None:
    """The newest bar, read before the last prints were in, changes in each of its prices and in its volume."""
    came = Bars(known.prices.copy(), known.volume.copy(), known.slack)
    came.prices[-1] = known.prices[-1] + np.array(noise) / CENTS
    came.volume[-1] = known.volume[-1] * 1.013 + 7
    assert compare(known, came).ratio is None
    assert compare(known, came).is_restated[-1]


@given(known=bars(least=2), paid=st.integers(20, 500))
def test_prices_less_a_dividend_are_no_split(known: Bars, paid: int) -> None:
    """A gateway that adjusted for dividends too would take a share off all prices, and leave the volumes alone."""
    assume((known.volume > 100).any())
    came = adjusted(known, 1 / (1 - paid / 10_000))
    came = Bars(came.prices, known.volume, known.slack)
    found = compare(known, came)
    assert found.ratio is None
    assert found.is_restated.all()


@given(known=bars(least=2), amount=st.integers(10, 900))
def test_prices_less_an_amount_are_no_split(known: Bars, amount: int) -> None:
    came = Bars(known.prices - amount / CENTS, known.volume, known.slack)
    found = compare(known, came)
    assert found.ratio is None or found.ratio.factor > 1 and not (known.volume > 1).any()
    assert found.ratio is not None or found.is_restated.all()


@given(known=bars(least=2), factor=st.sampled_from(FACTORS), again=st.sampled_from(FACTORS))
def test_what_a_known_split_explains_comes_again_as_nothing(known: Bars, factor: Fraction, again: Fraction) -> None:
    everything = np.ones(len(known.volume), dtype=bool)
    reckoned = known.by(float(factor), everything)
    same = compare(reckoned, adjusted(known, float(factor)))
    assert same.ratio is None
    assert not same.is_restated.any()
    both = compare(reckoned, adjusted(known, float(factor * again))).ratio
    if factor * again < 10 and (known.volume > 1).all():  # of smaller prices the cent hides too much
        assert both is not None
        assert both.factor == pytest.approx(float(again), rel=1e-12)


@given(known=bars(least=2), factor=st.sampled_from(FACTORS), again=st.sampled_from(FACTORS))
def test_bars_that_were_served_adjusted_and_rounded_are_adjusted_by_the_next_split(
    known: Bars, factor: Fraction, again: Fraction
) -> None:
    assume(factor * again < 10)
    assume((known.volume > 1).any())
    found = compare(adjusted(known, float(factor)), adjusted(known, float(factor * again)))
    assert found.ratio is not None
    assert found.ratio.factor == pytest.approx(float(again), rel=1e-12)
    assert not found.is_restated.any(), "what rounding hides twice is no restatement"


@pytest.mark.parametrize(("factor", "is_split"), [(2.0, True), (0.1, True), (1.0731, False)])
def test_a_single_bar_is_believed_for_a_plain_factor_only(factor: float, is_split: bool) -> None:
    known = made((300.11, 310.07, 299.93, 309.57), volume=[12_345.0])
    assert (compare(known, adjusted(known, factor)).ratio is not None) is is_split


def test_a_factor_that_is_no_plain_fraction_is_found_by_many_bars() -> None:
    """As of a spin-off."""
    rng = np.random.default_rng(7)
    known = made(*[tuple(np.round(400 + rng.random(4) * 9, 2)) for _ in range(5)])
    ratio = compare(known, adjusted(known, 1.0731)).ratio
    assert ratio is not None
    assert ratio.factor == pytest.approx(1.0731, rel=2e-5)


@pytest.mark.parametrize("count", [1, 2])
def test_without_any_volume_two_bars_are_needed(count: int) -> None:
    known = made(*[(10.0, 10.4, 9.8, 10.2)] * count, volume=[0.0] * count)
    assert (compare(known, adjusted(known, 2.0)).ratio is not None) is (count == 2)


def test_volumes_that_contradict_the_prices_are_no_split() -> None:
    known = made((10.0, 10.4, 9.8, 10.2), (10.2, 10.3, 10.0, 10.1))
    came = Bars(known.prices / 2, known.volume, known.slack)
    found = compare(known, came)
    assert found.ratio is None
    assert found.is_restated.all()


def test_prices_of_zero_and_below_are_no_split() -> None:
    known = made((-37.0, 10.0, -40.0, -37.5), (0.0, 10.0, 0.0, 5.0))
    came = Bars(known.prices / 2, known.volume * 2, known.slack)
    assert compare(known, came).ratio is None
    assert compare(known, came).is_restated.all()


def test_a_volume_alone_that_changed_is_a_restatement() -> None:
    known = made((10.0, 10.4, 9.8, 10.2), volume=[184_275.0])
    came = Bars(known.prices, known.volume + 25, known.slack)
    assert compare(known, came).is_restated.tolist() == [True]
    assert not compare(known, Bars(known.prices, known.volume + 0.001, known.slack)).is_restated.any()


def test_bars_of_after_the_split_stay_as_they_are() -> None:
    known = made((100.0, 104.0, 98.0, 102.0), (102.0, 103.0, 100.0, 101.0), (51.0, 52.123456, 50.0, 51.5))
    came = adjusted(known, 2.0, slice(0, 2))
    found = compare(known, came)
    assert found.ratio is not None
    assert (found.ratio.factor, found.ratio.last) == (2.0, 1)
    expected: Floats = np.array([[50.0, 52.0, 49.0, 51.0], [51.0, 51.5, 50.0, 50.5], [51.0, 52.123456, 50.0, 51.5]])
    np.testing.assert_array_equal(found.expected.prices, expected)
