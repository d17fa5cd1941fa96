"""From blocks to rows that keep their schema, and rows that do not, with reasons.

Vectorised: many replies become one frame, each column is parsed once, rules are pandera's. A row is
never dropped: it is accepted, or rejected as the record that came, why, and where it stands in raw.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from assets.kit.batch import Batch, Source, as_json
from assets.kit.schema import Column, Row, RowRule, all_columns, arrow_schema, arrow_type

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    import pyarrow as pa

    Problems = list[tuple["pd.Series[bool]", str]]


UNKNOWN_SHAPE = "the reply's shape is not known"
"""How the reason begins for which a reply is rejected whole."""


@dataclass(frozen=True, slots=True)
class Conformed:
    """Accepted and rejected rows, and the unknown fields with an example each."""

    accepted: "pa.Table"
    rejected: "pa.Table"
    unknown: dict[str, str]


def conform(row: type[Row], sources: Iterable[Source]) -> Conformed:
    """Sort the records of many replies into accepted and rejected rows."""
    batch = Batch(row)
    for source in sources:
        batch.take(source)
    return conformed(batch)


def conformed(batch: Batch) -> Conformed:
    """Sort the records of a batch into accepted and rejected rows."""
    import pyarrow as pa

    row = batch.row
    if not batch.count:
        return Conformed(arrow_schema(row).empty_table(), rejected_schema().empty_table(), {})
    origin = batch.origin()
    values, problems = _parse(batch, origin)
    problems += broken_rules(row, values)
    values["extra"] = batch.extras()
    bad = _any(problems, batch.count)
    if bad.any():
        values = values[~bad]
    places = pa.array(origin[~bad], type=pa.int32())
    accepted = pa.Table.from_arrays(
        [_arrow(one, values, batch.sources, places) for one in all_columns(row)], schema=arrow_schema(row)
    )
    return Conformed(accepted, _rejected(batch, origin, bad, problems), batch.unknown)


def rejected_schema() -> "pa.Schema":
    """The Parquet schema of rejected rows, the same for every table."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("trading_day", pa.date32(), nullable=False),
            pa.field("record", pa.string(), nullable=False),
            pa.field("reasons", pa.list_(pa.string()), nullable=False),
            pa.field("raw_file", pa.string(), nullable=False),
            pa.field("raw_sha256", pa.string(), nullable=False),
            pa.field("observed_at", pa.timestamp("us", tz="UTC"), nullable=False),
            pa.field("run_id", pa.string(), nullable=False),
        ]
    )


def rejected_rows(source: Source, records: Sequence[Any], reasons: Sequence[Sequence[str]]) -> "pa.Table":
    """Records of one reply as rejected rows."""
    import pyarrow as pa

    envelope = source.envelope
    count = len(records)
    return pa.Table.from_pydict(
        {
            "trading_day": [source.trading_day] * count,
            "record": [one if isinstance(one, str) else as_json(one) for one in records],
            "reasons": [list(why) for why in reasons],
            "raw_file": [source.raw_file] * count,
            "raw_sha256": [envelope.sha256] * count,
            "observed_at": [envelope.received_at] * count,
            "run_id": [envelope.run_id] * count,
        },
        schema=rejected_schema(),
    )


def _parse(batch: Batch, origin: "npt.NDArray[np.int64]") -> tuple["pd.DataFrame", "Problems"]:
    import pandas as pd

    index = pd.RangeIndex(batch.count)
    constants = batch.constants()
    values: dict[str, Any] = {}
    problems = []
    for one in batch.row.columns:
        if one.derive is not None:
            values[one.name] = one.derive(pd.DataFrame(values, index=index, copy=False))
            continue
        assert one.parse is not None
        if one.wire in constants:
            parsed, unusable = (side.take(origin).set_axis(index) for side in one.parse(constants[one.wire]))
        else:
            parsed, unusable = one.parse(batch.column(one.wire))
        values[one.name] = parsed
        if unusable.any():
            problems.append((unusable, f"{one.name}: {one.wire} cannot be read as {one.kind.__name__}"))
        if not one.is_nullable:
            missing = parsed.isna()
            if missing.any() and (missing := missing & ~unusable).any():
                problems.append((missing, f"{one.name}: {one.wire} is missing"))
    return pd.DataFrame(values, index=index, copy=False), problems


def broken_rules(row: type[Row], values: "pd.DataFrame") -> list[tuple["pd.Series[bool]", str]]:
    """The rules of a schema that parsed rows break: a mask of rows and the reason, per rule."""
    import pandas as pd
    from pandera.errors import SchemaErrors

    schema = _pandera_schema(row.columns, row.rules)
    if schema is None:
        return []
    try:
        schema.validate(values, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        named = cases["check"].where(
            cases["schema_context"] != "Column", cases["column"].astype(str) + ": not " + cases["check"].astype(str)
        )
        broken = cases.assign(check=named).dropna(subset=["index"])
        return [
            (pd.Series(values.index.isin(group["index"]), index=values.index), str(name))
            for name, group in broken.groupby("check", sort=True)
        ]
    return []


@lru_cache
def _pandera_schema(columns_declared: tuple[Column, ...], rules_declared: tuple[RowRule, ...]) -> Any:
    import pandera.pandas as pa

    columns = {}
    for one in columns_declared:
        bounds = [
            None if one.gt is None else pa.Check.gt(one.gt, error=f"greater than {one.gt:g}"),
            None if one.ge is None else pa.Check.ge(one.ge, error=f"at least {one.ge:g}"),
            None if one.pattern is None else pa.Check.str_matches(one.pattern, error=f"matching {one.pattern}"),
            None if one.among is None else pa.Check.isin(sorted(one.among), error=f"one of {sorted(one.among)}"),
        ]
        checks = [check for check in bounds if check is not None]
        if checks:
            columns[one.name] = pa.Column(nullable=True, checks=checks)
    rules = [pa.Check(rule.holds, error=rule.doc, ignore_na=False) for rule in rules_declared]
    return pa.DataFrameSchema(columns, checks=rules) if columns or rules else None


def _any(problems: "Problems", count: int) -> "npt.NDArray[np.bool_]":
    import numpy as np

    bad = np.zeros(count, dtype=bool)
    for mask, _ in problems:
        bad |= mask.to_numpy()
    return bad


def _arrow(one: Column, values: "pd.DataFrame", sources: Sequence[Source], places: "pa.Array") -> "pa.Array":
    """One column of the accepted rows; provenance repeats what holds for the whole reply."""
    import pyarrow as pa

    of_reply: Mapping[str, Any] = {
        "trading_day": lambda source: source.trading_day,
        "observed_at": lambda source: source.envelope.received_at,
        "raw_sha256": lambda source: source.envelope.sha256,
        "run_id": lambda source: source.envelope.run_id,
    }
    wanted = arrow_type(one)
    if one.name in of_reply and one.name not in values:
        per_reply = pa.array([of_reply[one.name](source) for source in sources])
        if pa.types.is_dictionary(wanted):
            return pa.DictionaryArray.from_arrays(places, per_reply)
        return per_reply.take(places).cast(wanted)
    return pa.Array.from_pandas(values[one.name], type=wanted)


def _rejected(
    batch: Batch, origin: "npt.NDArray[np.int64]", bad: "npt.NDArray[np.bool_]", problems: "Problems"
) -> "pa.Table":
    """The rejected rows, reply by reply, which are shaped again for it."""
    import numpy as np
    import pyarrow as pa

    tables = [rejected_schema().empty_table()]
    begins = np.cumsum([0, *batch.spans])
    for number in np.unique(origin[bad]):
        source, begin, end = batch.sources[number], begins[number], begins[number + 1]
        records = source.records
        positions = np.flatnonzero(bad[begin:end])
        reasons = [[why for mask, why in problems if mask.iat[begin + position]] for position in positions]
        tables.append(rejected_rows(source, [records[position] for position in positions], reasons))
    return pa.concat_tables(tables)
