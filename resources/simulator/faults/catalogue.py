"""Every fault there is, by name.

Belongs here: the list, and reading a fault from a name or an object. Does not: what they do.
"""

from collections.abc import Iterator
from typing import Annotated, Any, get_args

from pydantic import BeforeValidator, Field

from resources.simulator.faults import refusals, rows, transmission, values
from resources.simulator.faults.fault import Fault

OneOf = (
    refusals.TimedOut
    | refusals.Failing
    | refusals.Unavailable
    | refusals.LoggedOut
    | refusals.Unauthenticated
    | refusals.Bridgeless
    | refusals.Throttled
    | refusals.Html
    | refusals.Apologetic
    | transmission.Reset
    | transmission.Slow
    | transmission.Truncated
    | transmission.Malformed
    | transmission.Skewed
    | rows.Repeated
    | rows.Shifted
    | rows.Stale
    | rows.Duplicated
    | rows.Lacking
    | rows.Empty
    | values.MissingFields
    | values.AddedFields
    | values.Retyped
    | values.NanLike
    | values.Misdirected
)
CATALOGUE: dict[str, type[Fault]] = {one.model_fields["fault"].default: one for one in get_args(OneOf)}


def _from_a_name(given: Any) -> Any:
    return {"fault": given} if isinstance(given, str) else given


AnyFault = Annotated[
    Annotated[OneOf, Field(discriminator="fault")],
    BeforeValidator(_from_a_name),
]


def listed() -> Iterator[str]:
    """A line for each fault: its name, what it is, its parameters with their defaults."""
    for name, kind in CATALOGUE.items():
        parameters = ", ".join(
            f"{field} = {about.default!r}" for field, about in kind.model_fields.items() if field != "fault"
        )
        yield f"{name:15} {kind.says()}{f' ({parameters})' if parameters else ''}"
