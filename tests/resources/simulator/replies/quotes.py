"""How the replies about prices and scanners are come by."""

from collections.abc import Iterator
from typing import Any

from resources.simulator.flavour import Flavour
from tests.resources.simulator.replies.visitor import Asking, Unanswered, Visitor

SNAPSHOT = "/iserver/marketdata/snapshot"
HISTORY = "/iserver/marketdata/history"
FIELDS = "31,55,70,71,82,83,84,85,86,87,88,6070,7051,7221,7282,7289,7293,7294,7295,7296,7635,7741,7762"
ATTEMPTS = 3  # a cold contract or service answers after some


def warmed(visitor: Visitor, path: str, **query: str) -> Any:
    """The reply, asked for until it comes."""
    for _ in range(ATTEMPTS):
        try:
            return visitor.get(path, **query)
        except Unanswered:
            continue
    return visitor.get(path, **query)


def snapshot_cold(visitor: Visitor) -> Iterator[Any]:
    visitor.get("/iserver/accounts")
    yield visitor.get(SNAPSHOT, conids=str(visitor.conid()), fields=FIELDS)


def snapshot(visitor: Visitor) -> Iterator[Any]:
    visitor.get("/iserver/accounts")
    conids = f"{visitor.conid()},{visitor.conid('SPY')}"
    for _ in range(ATTEMPTS):
        visitor.get(SNAPSHOT, conids=conids, fields=FIELDS)
    yield visitor.get(SNAPSHOT, conids=conids, fields=FIELDS)


def unsubscribe(visitor: Visitor) -> Iterator[Any]:
    visitor.get("/iserver/accounts")
    conid = visitor.conid()
    visitor.get(SNAPSHOT, conids=str(conid), fields="31")
    yield visitor.post("/iserver/marketdata/unsubscribe", {"conid": conid})


def unsubscribe_all(visitor: Visitor) -> Iterator[Any]:
    visitor.get("/iserver/accounts")
    yield visitor.get("/iserver/marketdata/unsubscribeall")


def regulatory(visitor: Visitor) -> Iterator[Any]:
    visitor.get("/iserver/accounts")
    yield visitor.get("/md/regsnapshot", conid=str(visitor.conid()))


def history(visitor: Visitor) -> Iterator[Any]:
    visitor.get("/iserver/accounts")
    for symbol in ("AAPL", "SPY", "KO"):
        conid = str(visitor.conid(symbol))
        yield warmed(visitor, HISTORY, conid=conid, period="30d", bar="1d")
        yield warmed(visitor, HISTORY, conid=conid, period="1d", bar="5min")
    yield warmed(visitor, HISTORY, conid=conid, period="1y", bar="1m", outsideRth="true")


def hmds_history(visitor: Visitor) -> Iterator[Any]:
    visitor.get("/iserver/accounts")
    visitor.post("/hmds/auth/init", {})
    yield warmed(visitor, "/hmds/history", conid=str(visitor.conid()), period="1w", bar="1day")


def scanner_params(visitor: Visitor) -> Iterator[Any]:
    visitor.get("/iserver/accounts")
    yield visitor.get("/iserver/scanner/params")


def scanner_run(visitor: Visitor) -> Iterator[Any]:
    visitor.get("/iserver/accounts")
    for scan in ("TOP_PERC_GAIN", "TOP_PERC_LOSE", "MOST_ACTIVE"):
        asked: dict[str, object] = {"instrument": "STK", "location": "STK.US.MAJOR", "type": scan, "filter": []}
        yield visitor.post("/iserver/scanner/run", asked)


def hmds_scanner_params(visitor: Visitor) -> Iterator[Any]:
    visitor.get("/iserver/accounts")
    visitor.post("/hmds/auth/init", {})
    yield visitor.get("/hmds/scanner/params")


ASKED = {
    "md_snapshot_cold": Asking(snapshot_cold),
    "md_snapshot": Asking(snapshot),
    "md_unsubscribe": Asking(unsubscribe),
    "md_unsubscribeall": Asking(unsubscribe_all),
    "md_regsnapshot": Asking(regulatory, flavour=Flavour(regsnapshot=True)),
    "md_history": Asking(history),
    "hmds_history": Asking(hmds_history),
    "hmds_scanner_params": Asking(hmds_scanner_params),
    "scanner_params": Asking(scanner_params),
    "scanner_run": Asking(scanner_run),
}
