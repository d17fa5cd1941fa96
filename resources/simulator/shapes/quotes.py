"""Wire shape of a snapshot's rows.

Belongs here: which fields a row has. Does not: the fields (`price_fields.py`, `contract_fields.py`), what was
subscribed (`warmth.py`).

A value that does not exist has no key. A row may have fields that were asked for earlier, and may lack some
that were asked for now.
"""

from collections.abc import Callable, Mapping

from resources.simulator.market import availability
from resources.simulator.shapes import contract_fields, price_fields
from resources.simulator.shapes.sight import Sight
from resources.simulator.warmth import Subscription

DEFAULT = ("31", "84", "86")
OWNED = frozenset(contract_fields.POSITION)
SERVERS = 4
SERVICES = "&serviceID1=122&serviceID2=123&serviceID3=203&serviceID4=775"
FIRST_SERVICE = 7000  # fields from here on come from the services

Field = Callable[[Sight], str | int | None]
EARLY: Mapping[str, Field] = {
    **price_fields.FIELDS,
    **contract_fields.PRICED,
    **contract_fields.CONTRACT,
    **contract_fields.POSITION,
}
PAID = frozenset([*price_fields.FIELDS, *contract_fields.PRICED])
ALL: Mapping[str, Field] = {**EARLY, **contract_fields.COMPUTED}


def bare(conid: int, name: str) -> dict[str, object]:
    """A row that nothing is known of yet, or ever."""
    return {"conid": conid, "conidEx": name}


def row(sight: Sight, name: str, line: Subscription, *, gaps: bool) -> dict[str, object]:
    """A row with what has arrived."""
    instrument, quote = sight.instrument, sight.quote
    server = f"q{instrument.conid % SERVERS}"
    letters = availability.letters(instrument.exchange, trading=quote.trading, american=instrument.is_us)
    services = any(int(field) >= FIRST_SERVICE for field in line.fields)
    return {
        **bare(instrument.conid, name),
        "server_id": server,
        "6119": server,
        "6509": letters,
        **({"6508": SERVICES} if services else {}),
        "_updated": quote.at * 1000 - 1 - instrument.conid % 1000,
        **_values(sight, line, gaps=gaps),
    }


def _values(sight: Sight, line: Subscription, *, gaps: bool) -> dict[str, object]:
    arrived = ALL if line.complete else EARLY
    refused = frozenset[str]() if sight.is_subscribed else PAID
    found: dict[str, object] = {}
    for name in line.fields or DEFAULT:
        field = arrived.get(name)
        if field is None or name in refused or (gaps and line.skips(name)):
            continue
        value = field(sight)
        if value is not None:
            found[name] = value
    return found
