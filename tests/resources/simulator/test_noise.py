import pytest

from resources.simulator.noise import noise


def test_the_same_key_draws_the_same_numbers_whatever_was_drawn_before() -> None:
    first = noise(7, 265598, 0).random(4).tolist()
    noise(7, 265598, 0).random(100)
    assert noise(7, 265598, 0).random(4).tolist() == first


@pytest.mark.parametrize("key", [(8, 265598, 0), (7, 265599, 0), (7, 265598, 1), (7, 265598, 0, 1)])
def test_every_part_of_a_key_counts(key: tuple[int, ...]) -> None:
    assert noise(*key).random() != noise(7, 265598, 0).random()
