"""Datasets that are alike but for one thing, such as the size of their bars: declared once, for each member chosen."""

from collections.abc import Callable
from dataclasses import dataclass

from assets.kit.declare import Check, Landing, Table


@dataclass(frozen=True, eq=False, slots=True)
class Family:
    """`declare` gives what one of the `members` declares, the same objects each time.

    Only members that the owner chose are in the code location.
    """

    members: tuple[str, ...]
    declare: Callable[[str], tuple[Landing | Table | Check, ...]]
