"""Scanner parameters: every code that a scan can be made of, four lists as rows of one table, once a trading day.

The reply is large and may be asked for once in a quarter of an hour, so a run that is tried again takes what was
landed before. Kinds: scan types and the instruments that each is for, instruments and the filters that each takes,
filters, and locations, a tree whose leaves have an empty list, a null, or no list below them. The filters that an
instrument takes are named in groups (`price`) whose filters (`priceAbove`) the reply does not tell: they are kept as
told. Where the documentation says XML, JSON comes.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from assets.kit.declare import check, landing, table
from assets.kit.fetch import Fetch
from assets.kit.schema import Row, column
from assets.kit.scope import Scope
from assets.kit.shape import Block, keyed, listed, rows
from resources.gateway.endpoint import Endpoint, Page
from resources.gateway.pacing import Limit
from resources.warehouse.source import literal

PARAMS = Endpoint("/iserver/scanner/params", limit=Limit(1, 900))
KINDS = {"scan_type_list": "scan_type", "instrument_list": "instrument", "filter_list": "filter"}
CODE = {"instrument": "type", "location": "type"}  # where it is not `code`
APPLIES = {"scan_type": "instruments", "instrument": "filters"}
NEAREST = 3


class Parameter(Row):
    """One code that a scan can be made of."""

    known = frozenset({"combo_values"})

    kind: str = column("kind", "What it is a code of.", among=[*KINDS.values(), "location"])
    code: str = column("code", "The code, as a scan names it.")
    display_name: str | None = column("display_name", "What people call it.")
    parent: str | None = column("parent", "Of a location the one above it, of a filter its group; else null.")
    applies_to: str | None = column(
        "applies_to",
        "Of a scan type the instruments it is for, of an instrument the groups of filters it takes, of a location the "
        "root of its tree; separated by commas, null where nothing is told.",
    )
    value_type: str | None = column("value_type", "Of a filter how its value is chosen: range, non-range, combo.")


@landing(PARAMS, time="replayable")
def raw_scanner_params(fetch: Fetch) -> Iterator[Page]:
    """All parameters, in one request."""
    yield fetch.gateway.ask(PARAMS)


@table(Parameter, raw=raw_scanner_params, key=["kind", "code"])
def scanner_params(page: Page) -> Block:
    """Every code that a scan can be made of."""
    reply = keyed(page.json)
    found = [_parameter(kind, keyed(one)) for wire, kind in KINDS.items() for one in listed(reply[wire])]
    return rows([*found, *_locations(listed(reply["location_tree"]))])


@check(scanner_params, is_blocking=False)
def configured_scans_use_codes_that_exist(scope: Scope) -> str:
    """Each code of each configured scan is one of its kind, and the scan's type is for its instrument.

    Does not block: a typing mistake in a scan must not cost the night; what is wrong, and the nearest right codes, are
    listed here.
    """
    used = [
        (run.name, kind, code)
        for run in scope.scanner_runs
        for kind, code in (
            ("instrument", run.instrument),
            ("location", run.location),
            ("scan_type", run.type),
            *(("filter", code) for code in run.filters),
        )
    ]
    if not used:
        return "select 1 where false"
    values = ", ".join("({})".format(", ".join(map(literal, one))) for one in used)
    return f"""
        with used(scan, kind, code) as (values {values}),
        days as (select distinct trading_day from scanner_params),
        unknown as (
            select d.trading_day, u.scan, u.kind, u.code
            from used u cross join days d left join scanner_params p using (trading_day, kind, code)
            where p.code is null
        ),
        near as (
            select u.*, p.code as right_code
            from unknown u join scanner_params p using (trading_day, kind)
            qualify row_number() over (
                partition by u.trading_day, u.scan, u.kind, u.code
                order by jaro_winkler_similarity(lower(p.code), lower(u.code)) desc, p.code
            ) <= {NEAREST}
        )
        select trading_day, scan, kind, code as wrong_code, 'there is no such code' as problem,
               string_agg(right_code, ', ') as nearest
        from unknown left join near using (trading_day, scan, kind, code) group by all
        union all
        select p.trading_day, t.scan, 'scan_type', t.code, 'it is not for instrument ' || i.code, p.applies_to
        from used t join used i using (scan) join scanner_params p on p.kind = 'scan_type' and p.code = t.code
        where t.kind = 'scan_type' and i.kind = 'instrument'
          and not list_contains(string_split(p.applies_to, ','), i.code)
        order by all
    """


def _parameter(kind: str, told: dict[str, Any]) -> dict[str, Any]:
    """One entry under the names of the table; what has no name there stays as it came."""
    renamed = {CODE.get(kind, "code"): "code", "group": "parent", APPLIES.get(kind, ""): "applies_to"}
    renamed |= {"type": "value_type"} if kind == "filter" else {}
    found = {renamed.get(name, name): value for name, value in told.items()}
    if found.get("applies_to") is not None:
        found["applies_to"] = ",".join(map(str, listed(found["applies_to"])))
    return {**found, "kind": kind}


def _locations(nodes: Sequence[Any], *, above: str | None = None, root: str | None = None) -> Iterator[dict[str, Any]]:
    """A tree of locations, each before those below it."""
    for node in map(keyed, nodes):
        own = {name: value for name, value in node.items() if name != "locations"}
        code = node.get("type")
        yield {**_parameter("location", own), "parent": above, "applies_to": root or code}
        yield from _locations(listed(node.get("locations") or []), above=code, root=root or code)
