"""How the replies about contracts are come by."""

from collections.abc import Iterator
from typing import Any

from tests.resources.simulator.replies.visitor import Asking, Unanswered, Visitor

SEARCH = "/iserver/secdef/search"


def searched(visitor: Visitor, symbol: str = "AAPL") -> list[dict[str, Any]]:
    """What a search finds; what hangs on it may be asked afterwards."""
    visitor.get("/iserver/accounts")
    found: list[dict[str, Any]] = visitor.get(SEARCH, symbol=symbol)
    return found


def month_of_options(found: list[dict[str, Any]]) -> str:
    sections = (section for row in found for section in row["sections"])
    listed = next(section for section in sections if section["secType"] == "OPT")
    return str(listed["months"].split(";")[0])


def search(visitor: Visitor) -> Iterator[Any]:
    yield searched(visitor)
    yield visitor.post(SEARCH, {"symbol": "AAPL"})
    yield visitor.get(SEARCH, symbol="SPY")


def strikes(visitor: Visitor) -> Iterator[Any]:
    found = searched(visitor)
    month = month_of_options(found)
    yield visitor.get("/iserver/secdef/strikes", conid=found[0]["conid"], sectype="OPT", month=month)


def info_of_option(visitor: Visitor) -> Iterator[Any]:
    found = searched(visitor)
    about = {"conid": found[0]["conid"], "sectype": "OPT", "month": month_of_options(found)}
    listed = visitor.get("/iserver/secdef/strikes", **about)
    strike = str(listed["call"][len(listed["call"]) // 2])
    yield visitor.get("/iserver/secdef/info", **about, strike=strike, right="C")
    yield visitor.get("/iserver/secdef/info", **about, strike=strike)


def info_of_stock(visitor: Visitor) -> Iterator[Any]:
    yield visitor.get("/iserver/secdef/info", conid=searched(visitor)[0]["conid"], sectype="STK")


def contract_info(visitor: Visitor) -> Iterator[Any]:
    """Of a stock, a fund, an option and a future."""
    visitor.prime()
    yield visitor.get(f"/iserver/contract/{visitor.conid()}/info")
    yield visitor.get(f"/iserver/contract/{visitor.conid('SPY')}/info")
    for conid in derivatives(visitor):
        yield visitor.get(f"/iserver/contract/{conid}/info")


def info_and_rules(visitor: Visitor) -> Iterator[Any]:
    visitor.prime()
    for symbol in ("AAPL", "SPY"):
        yield visitor.get(f"/iserver/contract/{visitor.conid(symbol)}/info-and-rules", isBuy="true")


def rules(visitor: Visitor) -> Iterator[Any]:
    visitor.prime()
    yield visitor.post("/iserver/contract/rules", {"conid": visitor.conid(), "isBuy": True})


def algos(visitor: Visitor) -> Iterator[Any]:
    visitor.prime()
    yield visitor.get(f"/iserver/contract/{visitor.conid()}/algos", addDescription="1", addParams="1")


def bond_filters(visitor: Visitor) -> Iterator[Any]:
    issuers = [row["issuers"] for row in searched(visitor) if "issuers" in row]
    yield visitor.get("/iserver/secdef/bond-filters", symbol="BOND", issuerId=issuers[0][0]["id"])


def secdef(visitor: Visitor) -> Iterator[Any]:
    """Of a stock, a fund, an option and a future."""
    conids = [visitor.conid(), visitor.conid("SPY"), *derivatives(visitor)]
    yield visitor.get("/trsrv/secdef", conids=",".join(map(str, conids)))


def stocks(visitor: Visitor) -> Iterator[Any]:
    yield visitor.get("/trsrv/stocks", symbols="AAPL,SPY,SAP")


def futures(visitor: Visitor) -> Iterator[Any]:
    yield visitor.get("/trsrv/futures", symbols="ES,NQ")


def all_conids(visitor: Visitor) -> Iterator[Any]:
    yield visitor.get("/trsrv/all-conids", exchange="NASDAQ")


def schedule(visitor: Visitor) -> Iterator[Any]:
    yield visitor.get("/trsrv/secdef/schedule", assetClass="STK", symbol="AAPL", exchange="NASDAQ")


def trading_schedule(visitor: Visitor) -> Iterator[Any]:
    visitor.prime()
    yield visitor.get("/contract/trading-schedule", conid=str(visitor.conid()), exchange="NASDAQ")


def refused(visitor: Visitor) -> Iterator[Any]:
    """What is newer than the rest describes the problem to whoever is not logged in."""
    visitor.post("/logout")
    answer = visitor.client.get("/contract/trading-schedule", conid="265598")
    if answer.status != 401 or not answer.body:
        raise Unanswered(f"GET /contract/trading-schedule after a logout: {answer.status} {answer.body.decode()[:200]}")
    yield answer.json


def derivatives(visitor: Visitor) -> list[int]:
    """An option and a future that exist."""
    listed = visitor.simulation.market.instruments()
    return [next(each.conid for each in listed if each.asset_class == wanted) for wanted in ("OPT", "FUT")]


ASKED = {
    "secdef_search": Asking(search),
    "secdef_strikes": Asking(strikes),
    "secdef_info": Asking(info_of_option),
    "secdef_info_of_stock": Asking(info_of_stock),
    "contract_info": Asking(contract_info),
    "contract_info_and_rules": Asking(info_and_rules),
    "contract_rules": Asking(rules),
    "contract_algos": Asking(algos),
    "secdef_bond_filters": Asking(bond_filters),
    "trsrv_secdef": Asking(secdef),
    "trsrv_stocks": Asking(stocks),
    "trsrv_futures": Asking(futures),
    "trsrv_all_conids": Asking(all_conids),
    "trading_schedule": Asking(schedule),
    "contract_trading_schedule": Asking(trading_schedule),
    "errors": Asking(refused),
}
