"""Scanner runs: what each configured scan found, several times a day if wished, best rank first.

A scan gives at most 50 rows, without a total and without further pages: 50 rows are possibly not all, and say so. No
hits are an empty list. Only the first row names the column that the scan ranks by; a scan without such a column names
it " " and gives its rows no value. The contract id is `con_id`, a number, and `conidex`, a text. A reply does not
tell which scan it is of: the name is kept with the question.

A scan of a code that does not exist is refused with 400 or 500: a line in the log says so, the others still land.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pandas as pd

from assets.kit.declare import check, landing, table
from assets.kit.fetch import Fetch, RawPages
from assets.kit.parse import figure_if_any, instant
from assets.kit.schema import Row, column, rule
from assets.kit.scope import ScannerRun
from assets.kit.shape import Block, keyed, listed, rows
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.errors import NoData, Refused, Unavailable
from resources.gateway.pacing import Limit

RUN = Endpoint("/iserver/scanner/run", method="POST", limit=Limit(1, 1.0))
MOST_ROWS = 50


class Hit(Row):
    """One contract that a run of a scan found."""

    known = frozenset({"server_id", "available_chart_periods", "column_name", "con_id"})

    scan: str = column("scan", "The scan, as the configuration names it.")
    run_at: datetime = column("run_at", "When the scan was run.", parse=instant)
    rank: int = column("rank", "Place in the scan, from 1.", gt=0)
    conid: int = column("conid", "IBKR's contract id.", gt=0)
    symbol: str | None = column("symbol", "Symbol.")
    company_name: str | None = column("company_name", "Name of the issuer.")
    description: str | None = column("contract_description_1", "The contract as IBKR writes it.")
    asset_class: str | None = column("sec_type", "STK (ETFs too), FUT, BOND, IND, ...")
    listing_exchange: str | None = column("listing_exchange", "Exchange of the listing, sometimes with its tier.")
    ranked_by: str | None = column("ranked_by", "What the scan ranks by, e.g. Chg%; null where it does not tell.")
    value_text: str | None = column("scan_data", "What it ranks by, as told, e.g. 163.773K or +12.5%.")
    value: float | None = column(
        "scan_data",
        "The number in `value_text`, if there is one; K, M and B multiplied out.",
        unit="what `ranked_by` says; percents as percents, 1 is 1 %",
        parse=figure_if_any,
    )
    is_possibly_truncated: bool = column("is_full", "Whether the run gave as many rows as one can: there may be more.")
    instrument: str | None = column("instrument", "Instrument that was asked for.")
    location: str | None = column("location", "Location that was asked for.")
    scan_type: str | None = column("type", "Scan type that was asked for.")
    filters: str | None = column("filters", "Filters that were asked for, as code=value, separated by commas.")
    contract_text: str | None = column("conidex", "The contract id as text, with an exchange where one is meant.")

    @rule
    def is_one_contract(hits: pd.DataFrame) -> Any:
        """Both forms of the contract id are of one contract."""
        told = hits["contract_text"].str.partition("@")[0]
        return hits["contract_text"].isna() | (told == hits["conid"].astype(pd.StringDtype())).fillna(value=True)


@landing(RUN, time="perishable", is_intraday=True)
def raw_scanner_runs(fetch: Fetch) -> Iterator[Page]:
    """The first 50 hits of each configured scan."""
    for run in fetch.scope.scanner_runs:
        try:
            yield fetch.gateway.ask(RUN, body=_question(run), called=run.name)
        except (Refused, Unavailable, NoData) as error:
            fetch.say(f"scan {run.name} was not made. {error}")


@table(Hit, raw=raw_scanner_runs, key=["scan", "run_at", "rank"], shrinks="freely")
def scanner_runs(page: Page) -> Block:
    """What each scan found, at each run of the day."""
    reply = keyed(page.json)
    found = [keyed(one) for one in listed(reply["contracts"])]
    filters = ",".join(f"{one['code']}={one['value']}" for one in page.params.get("filter") or [])
    instrument, location, scan_type = (page.params.get(name) for name in ("instrument", "location", "type"))
    return rows(
        ({**one, "rank": place, "conid": _conid(one)} for place, one in enumerate(found, start=1)),
        scan=page.envelope.request.name or " ".join(filter(None, (scan_type, location, filters))),
        run_at=page.envelope.received_at.isoformat(),
        ranked_by=_ranked_by(reply, found),
        is_full=len(found) >= MOST_ROWS,
        instrument=instrument,
        location=location,
        type=scan_type,
        filters=filters,
    )


@check(raw_scanner_runs, is_blocking=False)
def every_configured_scan_answered(raw: RawPages) -> Iterator[str]:
    """Each configured scan was made.

    Does not block: a scan with a mistake in it must not cost the night; the log of the run has what the gateway said.
    """
    made = {page.envelope.request.name for page in raw.answers}
    for run in raw.scope.scanner_runs:
        if run.name not in made:
            yield f"scan {run.name} ({run.type} of {run.location}) was refused, or not answered; the log says why"


@check(scanner_runs, is_blocking=False)
def no_scan_was_cut_off() -> str:
    """No run gave 50 rows, which is all that one can give.

    Does not block: what is there is true, there may be more. Filters that let less through show the rest.
    """
    return """
        select trading_day, scan, run_at, count(*) as rows
        from scanner_runs where is_possibly_truncated group by all order by run_at
    """


def _question(run: ScannerRun) -> dict[str, Any]:
    filters = [{"code": code, "value": value} for code, value in run.filters.items()]
    return {"instrument": run.instrument, "location": run.location, "type": run.type, "filter": filters}


def _conid(row: dict[str, Any]) -> Any:
    """The contract id under whichever name: recorded rows have `con_id` and `conidex`, documented ones `conid`."""
    told = (row.get("con_id"), row.get("conid"), row.get("conidex"))
    found = next((one for one in told if one is not None), None)
    return found.partition("@")[0] if isinstance(found, str) else found


def _ranked_by(reply: dict[str, Any], found: list[dict[str, Any]]) -> Any:
    """The column's name: below the rows, and on the first row only."""
    told = (reply.get("scan_data_column_name"), *(one.get("column_name") for one in found))
    return next((one for one in told if one is not None), None)
