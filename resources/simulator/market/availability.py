"""Which market data the login has paid for, by exchange.

Belongs here: who is late, who is refused, and the letters for it. Does not: fields or bars.

America, London and Frankfurt are subscribed; Zurich and Paris come a quarter of an hour late, snapshots and
charts alike. Amsterdam is not subscribed: its snapshots have no prices, its charts are late ones.
"""

DELAY = 900  # seconds
DELAYED = {"EBS", "SBF"}
UNSUBSCRIBED = {"AEB"}


def delay(exchange: str) -> int:
    """Seconds between what happens and what is told."""
    return DELAY if exchange in DELAYED | UNSUBSCRIBED else 0


def is_subscribed(exchange: str) -> bool:
    """Whether a snapshot has prices."""
    return exchange not in UNSUBSCRIBED


def letters(exchange: str, *, trading: bool, american: bool) -> str:
    """Timeliness, then p for consolidated quotes or P for a single market's, then B for a book."""
    if not is_subscribed(exchange):
        return "N"
    late = exchange in DELAYED
    first = ("D" if late else "R") if trading else ("Y" if late else "Z")
    return f"{first}{'p' if american else 'P'}B"
