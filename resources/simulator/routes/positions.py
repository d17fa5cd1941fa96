"""Endpoints of positions: by page, by contract, near real time, and as combos.

Belongs here: unpacking requests, paging, sorting, cold and warm. Does not: wire shapes (`shapes/positions.py`),
valuing, balances (`portfolio.py`).

A contract's definition is loaded by the first look at a position in it, and shows from the second
look on, or at once with `waitForSecDef=true`. There are no models in this world: whoever asks for one gets no rows.
"""

from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.accounts import marks
from resources.simulator.accounts.combos import combos
from resources.simulator.accounts.consolidated import merged
from resources.simulator.accounts.performance import window_start
from resources.simulator.accounts.valuation import Held, Valuation, closed, realized_since
from resources.simulator.position_pages import Pages
from resources.simulator.routes.house import House, Invested
from resources.simulator.routes.parameters import whole
from resources.simulator.shapes import positions

Row = dict[str, object]
Answer = Callable[[Request, Valuation], Response]
PERIODS = ("7D", "1M")  # of realized profit, which is the day's otherwise
NOTHING_FOUND = "Unable to find any combo positions"


def routes(house: House, pages: Pages) -> list[Route]:
    """Every endpoint of positions."""
    held = _Held(house, pages)
    get: list[tuple[str, Answer]] = [
        ("/portfolio/{account}/positions", held.page),
        ("/portfolio/{account}/positions/{page}", held.page),
        ("/portfolio/{account}/position/{conid}", held.one),
        ("/portfolio/{account}/combo/positions", held.combos),
        ("/portfolio2/{account}/positions", held.modern),
        ("/portfolio2/{account}/position/{conid}", held.modern),
    ]
    return [
        Route("/portfolio/positions/{conid}", held.everywhere, methods=["GET"]),
        *(Route(path, house.of_account(answer), methods=["GET"]) for path, answer in get),
        Route("/portfolio/{account}/positions/invalidate", house.of_account(held.invalidate), methods=["POST"]),
    ]


class _Held:
    """Positions, with the memory of which contracts are loaded."""

    def __init__(self, house: House, pages: Pages) -> None:
        self._house = house
        self._simulation: Invested = house.simulation
        self._pages = pages

    def page(self, request: Request, fresh: Valuation) -> Response:
        page = whole(request.path_params.get("page", "0"))
        if page is None:
            return reply.error(400, "Bad Request: invalid pageId")
        valuation = self._pages.read(fresh)
        if valuation is None or _asks_for_model(request):
            return reply.ok([])
        first = page * positions.PAGE
        rows = _sorted(request, valuation, self._listed(request, valuation))
        return reply.ok(self._rows(request, valuation, rows[first : first + positions.PAGE]))

    def one(self, request: Request, valuation: Valuation) -> Response:
        rows = self._rows(request, valuation, _matching(request, valuation))
        return reply.ok([self._segmented(valuation, row) for row in rows])

    def combos(self, _: Request, valuation: Valuation) -> Response:
        found = combos(self._house.rows(valuation))
        if not found and self._simulation.flavour.no_combos_status != 200:
            return reply.error(self._simulation.flavour.no_combos_status, NOTHING_FOUND, status_code=False)
        name = valuation.account.account_id
        return reply.ok([positions.combo(name, list(zip(each.legs, each.ratios, strict=True))) for each in found])

    def modern(self, request: Request, valuation: Valuation) -> Response:
        rows = _matching(request, valuation) if "conid" in request.path_params else self._house.rows(valuation)
        rows = [] if _asks_for_model(request) else _sorted(request, valuation, rows)
        return reply.ok([positions.modern(row, valuation.at) for row in rows])

    def invalidate(self, _: Request, valuation: Valuation) -> Response:
        self._pages.invalidate(valuation.account.account_id)
        return reply.ok({"message": "success"})

    async def everywhere(self, request: Request) -> Response:
        """Every account's position in one contract, keyed by account."""
        valuations = [self._simulation.valuation(account) for account in self._simulation.world.everyone]
        known = set(self._simulation.session.known)
        found: dict[str, list[Row]] = {}
        for valuation in valuations:
            for row in self._rows(request, valuation, _matching(request, valuation), known):
                found.setdefault(str(self._segmented(valuation, row)["acctId"]), []).append(row)
        return reply.ok(found)

    def _listed(self, request: Request, valuation: Valuation) -> list[Held]:
        """What the pages hold, with the profit of the period asked for."""
        world, account = self._simulation.world, valuation.account
        rows = list(self._house.rows(valuation))
        if self._house.is_everybody(account.account_id):
            return rows
        if self._simulation.flavour.lingering_positions:
            rows = sorted([*rows, *closed(world, account, valuation.at)], key=lambda row: row.contract.conid)
        period = request.query_params.get("period")
        if period not in PERIODS:
            return rows
        today = marks.Mark(valuation.at, None).day
        return realized_since(world, account, rows, window_start(period, today), valuation.at)

    def _segmented(self, valuation: Valuation, row: Row) -> Row:
        """Some builds show futures under the id of the commodities segment."""
        if self._simulation.flavour.segment_accounts and row["assetClass"] == "FUT":
            row["acctId"] = f"{valuation.account.account_id}C"
        return row

    def _rows(
        self, request: Request, valuation: Valuation, rows: Sequence[Held], known: set[int] | None = None
    ) -> list[Row]:
        session = self._simulation.session
        patient = request.query_params.get("waitForSecDef", "").lower() == "true"
        everything = patient or not self._simulation.flavour.cold_positions
        known = session.known if known is None else known
        shown = [_row(valuation, row, everything or row.contract.conid in known) for row in rows]
        session.known.update(row.contract.conid for row in rows)
        return shown


def _row(valuation: Valuation, row: Held, is_warm: bool) -> Row:
    account_id = valuation.account.account_id
    if is_warm:
        return positions.warm(account_id, row, valuation.rates[row.contract.currency])
    return positions.cold(account_id, row)


def _asks_for_model(request: Request) -> bool:
    return bool(request.query_params.get("model"))


def _matching(request: Request, valuation: Valuation) -> list[Held]:
    wanted = request.path_params["conid"]
    return merged([row for row in valuation.rows if str(row.contract.conid) == wanted])


def _columns(valuation: Valuation, row: Held) -> Row:
    """Everything that rows are called by: the newer names, the warm ones, and the cold ones as they are."""
    return positions.modern(row, valuation.at) | _row(valuation, row, True) | positions.cold("", row)


def _sorted(request: Request, valuation: Valuation, rows: Sequence[Held]) -> Sequence[Held]:
    """By a column of either kind of row, as asked; what has no value comes last, unknown columns change nothing."""
    column = request.query_params.get("sort", "")
    keys = [_columns(valuation, row).get(column) for row in rows] if column else []
    if not any(isinstance(key, str | int | float) for key in keys):
        return rows
    pairs = [(key, row) for key, row in zip(keys, rows, strict=True) if isinstance(key, str | int | float)]
    numeric = all(isinstance(key, int | float) for key, _ in pairs)
    pairs.sort(key=lambda pair: float(pair[0]) if numeric else str(pair[0]))
    ordered = [row for _, row in pairs]
    empty = [row for key, row in zip(keys, rows, strict=True) if not isinstance(key, str | int | float)]
    return [*(ordered[::-1] if request.query_params.get("direction") == "d" else ordered), *empty]
