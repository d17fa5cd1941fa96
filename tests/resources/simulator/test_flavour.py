from dataclasses import fields
from datetime import timedelta

import pytest

from resources.simulator.flavour import BUILDS, Flavour, FlavourError, flavoured, listed


def test_the_newest_build_is_what_a_simulation_is_without_a_word() -> None:
    assert flavoured("newest", []) == BUILDS["newest"] == Flavour()


def test_switches_are_read_as_what_they_are() -> None:
    found = flavoured("2023", ["regsnapshot=no", "unlisted_status=401", "pacing.penalty=PT10M", "pacing.worded=true"])
    assert found.regsnapshot is False
    assert found.unlisted_status == 401
    assert (found.pacing.penalty, found.pacing.worded) == (timedelta(minutes=10), True)
    assert found.chart_build == 2023, "the rest is the build's"


@pytest.mark.parametrize(
    ("switch", "problem"),
    [
        ("unlisted_status=418", "unlisted_status: "),
        ("established", "write name=value"),
        ("taste=sweet", "taste=sweet: write name=value with a name from --list-flavours"),
        ("pacing.colour=red", "pacing.colour=red: write name=value"),
        ("established.more=1", "established.more=1: write name=value"),
    ],
)
def test_a_switch_that_is_none_is_told_in_one_line(switch: str, problem: str) -> None:
    with pytest.raises(FlavourError, match=problem) as told:
        flavoured("newest", [switch])
    assert "\n" not in str(told.value)


def test_every_switch_is_listed_with_its_default_and_a_meaning() -> None:
    lines = list(listed())
    assert [line.partition("=")[0].partition(".")[0] for line in lines] == [each.name for each in fields(Flavour)]
    assert all(len(line.partition(": ")[2]) > 8 for line in lines)
