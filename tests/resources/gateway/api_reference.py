"""Every method and path of IBKR's Web API, with what it does: what the list of what may be sent is held against.

Put together of the Client Portal API v1 pages, IBKR's OpenAPI description, clients of both, and what older gateways
knew (`/ccp`, `/hmds`). The gateway does not serve all of it (`/gw`, `/oauth`): whoever asks for it is refused all the
same. `does` is one of:

reads    tells something, changes nothing
session  keeps, opens or chooses the session, its account or its subscriptions; nothing outlives the login
trades   places, previews, changes or cancels an order
answers  answers a question that stands between an order and the exchange, or consents to a text
changes  changes an account, a setting, a list, a notification, or ends the session
moves    moves money or positions
"""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Does = Literal["reads", "session", "trades", "answers", "changes", "moves"]
HARMLESS = frozenset({"reads", "session"})


@dataclass(frozen=True)
class Documented:
    """One method and path of the reference."""

    method: str
    path: str
    does: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def reference() -> list[Documented]:
    """The whole reference."""
    with (Path(__file__).with_suffix(".csv")).open(newline="") as rows:
        return [Documented(**row) for row in csv.DictReader(rows)]
