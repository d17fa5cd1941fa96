"""The three words a dataset file is written in: `@landing`, `@table`, `@check`.

They only declare: each gives back a frozen value that says what was declared, importable at no cost.
`land.py`, `tabulate.py` and `verify.py` carry them out; `pipelines/definitions.py` finds them by walking the
packages and hands them to `compose.py`, which makes Dagster assets and checks of them.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, Literal

from assets.kit.fetch import Fetch
from assets.kit.quote import Planning
from assets.kit.records import Records
from assets.kit.schema import Row
from assets.kit.shape import Block
from assets.kit.shrinking import Shrinks
from assets.kit.tolerance import Tolerance
from resources.envelope import Request
from resources.gateway.endpoint import Endpoint, Local, Page
from resources.lake.tables import TableStore

Time = Literal["replayable", "windowed", "perishable", "local"]
"""What the gateway can still tell tomorrow: everything, a moving window, nothing; `local` is not the gateway's."""
Fetching = Callable[[Fetch], Iterator[Page]] | Callable[[Records], Iterator[Page]]
SLOW_SECONDS = 60.0


@dataclass(frozen=True, eq=False, slots=True)
class Landing:
    """Network to raw: asset `raw/<name>`. `is_ranged` ones land a whole range of days at once.

    `window_days` is how long a windowed one can still be told, counted from its day; an `is_optional` one is in a
    night only if the owner takes it in. Each landing of an `is_intraday` one tells of its own moment: it is made during
    the day too, and all of a day make its partition. Of a `local` one the source is what our own processes wrote:
    `fetch` is given `Records` in the place of a `Fetch`. An `is_last` one is made when there is nothing else to do but
    what follows from it. One with a `plan` is quoted before it asks; its `fetch` carries out `Fetch.plan`.
    What `is_settled` says yes to is told the same on later days.
    """

    name: str
    group: str
    doc: str
    endpoints: tuple[Endpoint | Local, ...]
    time: Time
    fetch: Callable[..., Iterator[Page]]
    needs: tuple[str, ...]
    is_ranged: bool
    window_days: int | None = None
    is_optional: bool = False
    is_intraday: bool = False
    is_last: bool = False
    plan: Planning | None = None
    is_settled: Callable[[Request], bool] | None = None

    def needed(self, tables: Iterable[str]) -> list[str]:
        """Of the tables that there are those it needs; `bars_*` stands for every one of which the name begins so."""
        return [name for name in tables if any(fnmatchcase(name, like) for like in self.needs)]

    @property
    def slow_endpoints(self) -> list[Endpoint]:
        """Those that may be asked only every few minutes."""
        asked = (one for one in self.endpoints if isinstance(one, Endpoint))
        return [one for one in asked if one.limit is not None and one.limit.seconds >= SLOW_SECONDS]


@dataclass(frozen=True, slots=True)
class ByDay:
    """One partition per trading day, replaced whole by the day's latest landing (of intraday ones, by all of them)."""

    key: str = "trading_day"

    def value_of(self, day: date) -> str:
        """The partition that a trading day's rows are in."""
        return day.isoformat()


@dataclass(frozen=True, slots=True)
class ByYear:
    """One partition per year of `trading_day`; of rows with equal key the one observed last stays, or the `first`.

    For what is asked in windows, whose rows tell of their own day: a file per day would make a scan of ten years open
    2,500 files. Rows of days that had not closed when they were observed wait for the next landing, unless nothing of
    such a row changes any more, or it names the `calendar` that it was judged by. Where the first stands, what replies
    that a check says no to told never does.
    """

    key: str = "year"
    waits_for_close: bool = True
    stands: Literal["first", "last"] = "last"

    def value_of(self, day: date) -> str:
        """The partition that a trading day's rows are in."""
        return str(day.year)


@dataclass(frozen=True, slots=True)
class ByMonth(ByYear):
    """The same per month, for what has so many rows that a year of them is slow to write each night."""

    key: str = "month"

    def value_of(self, day: date) -> str:
        return f"{day:%Y-%m}"


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """Raw to Parquet: asset `<name>`, a pure function of the replies of `raw`."""

    name: str
    group: str
    doc: str
    charter: str
    row: type[Row]
    raw: Landing
    key: tuple[str, ...]
    shape: Callable[..., Block]
    storage: ByDay | ByYear
    shrinks: Shrinks = "seldom"
    needs: tuple[str, ...] = ()
    given: Callable[[TableStore], Any] | None = None
    columnar: str | None = None

    def given_from(self, tables: TableStore) -> "Table":
        """The same with a function that needs the page only."""
        if self.given is None:
            return self
        given = self.given(tables)
        return replace(self, shape=lambda page: self.shape(page, given), given=None)

    @property
    def is_guarded(self) -> bool:
        """Whether a partition that shrank is held back; what only grows cannot, our own records are as they are."""
        only_grows = isinstance(self.storage, ByYear) or self.raw.is_intraday
        return not (only_grows or self.shrinks == "freely" or self.raw.time == "local")


@dataclass(frozen=True, eq=False, slots=True)
class Check:
    """What is true of a dataset. SQL over tables that finds offenders, or a function over raw pages.

    One with a `tolerance` is an identity: its SQL tells every case, and by how much it is off.
    """

    name: str
    of: Landing | Table
    doc: str
    find: Callable[..., Any]
    needs: tuple[str, ...]
    is_blocking: bool
    tolerance: Tolerance | None = None


def landing(
    *endpoints: Endpoint | Local,
    time: Time,
    needs: Iterable[str] = (),
    is_ranged: bool = False,
    window_days: int | None = None,
    is_optional: bool = False,
    is_intraday: bool = False,
    is_last: bool = False,
    plan: Planning | None = None,
    is_settled: Callable[[Request], bool] | None = None,
) -> Callable[[Fetching], Landing]:
    """Declare how replies are fetched; the function is named `raw_<dataset>`.

    Of rows with equal key that several endpoints told on one day, those of the endpoint named last stand.
    """

    def declare(fetch: Fetching) -> Landing:
        return Landing(
            name=fetch.__name__.removeprefix("raw_"),
            group=_group(fetch),
            doc=_doc(fetch),
            endpoints=endpoints,
            time=time,
            fetch=fetch,
            needs=tuple(needs),
            is_ranged=is_ranged,
            window_days=window_days,
            is_optional=is_optional,
            is_intraday=is_intraday,
            is_last=is_last,
            plan=plan,
            is_settled=is_settled,
        )

    return declare


def table(
    row: type[Row],
    *,
    raw: Landing,
    key: Sequence[str],
    storage: ByDay | ByYear | None = None,
    shrinks: Shrinks = "seldom",
    needs: Iterable[str] = (),
    given: Callable[[TableStore], Any] | None = None,
    columnar: str | None = None,
) -> Callable[[Callable[..., Block]], Table]:
    """Declare how a good reply becomes records; the function has the table's name.

    What a reply does not say and another table does, such as where a contract is listed, the function is `given` as a
    second argument, made of the tables that it `needs`.

    `columnar` names the array of a reply whose records are so many, and so plain, that they are read as columns.

    `shrinks` is what the table may do from one day to the next without its owner being asked; `freely` if its rows are
    events, such as orders.
    """

    def declare(shape: Callable[..., Block]) -> Table:
        return Table(
            name=shape.__name__,
            group=_group(shape),
            doc=_doc(shape),
            charter=_charter(shape),
            row=row,
            raw=raw,
            key=tuple(key),
            shape=shape,
            storage=storage or ByDay(),
            shrinks=shrinks,
            needs=tuple(needs),
            given=given,
            columnar=columnar,
        )

    return declare


def check(
    of: Landing | Table, *, needs: Iterable[str] = (), is_blocking: bool = True, tolerance: Tolerance | None = None
) -> Callable[[Callable[..., Any]], Check]:
    """Declare a check; its name is a sentence that is true when it passes.

    Of a table: returns SQL that finds offenders, over the table's own name, `<table>_history`, `rejected` and
    the tables it needs; given the owner's `Scope` if it takes an argument.
    With a `tolerance`, which the owner may change, it is an identity: the SQL returns all cases with a `residual`,
    by how much the two sides differ, and the `size` that the tolerance's share is of. Offenders are those beyond the
    tolerance, and those whose residual is null: one side is missing.
    Of a landing: takes `RawPages`, yields one text per offence.
    Other tables are needed by name: dataset files never import each other.
    A check that does not block says in its docstring why not.
    """

    def declare(find: Callable[..., Any]) -> Check:
        return Check(find.__name__, of, _doc(find), find, tuple(needs), is_blocking, tolerance)

    return declare


def _group(function: Callable[..., Any]) -> str:
    return function.__module__.split(".")[1]


def _doc(function: Callable[..., Any]) -> str:
    return inspect.getdoc(function) or ""


def _charter(function: Callable[..., Any]) -> str:
    """What the dataset's file says of it: the background that its page in the UI shows."""
    return inspect.getdoc(inspect.getmodule(function)) or ""
