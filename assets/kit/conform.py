"""From blocks to rows that keep their schema, and rows that do not, with reasons.

Vectorised: many replies become one frame, each column is parsed once, rules are pandera's. A row is
never dropped: it is accepted, or rejected as the record that came, why, and where it stands in raw.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from assets.kit.schema import Column, Row, RowRule, all_columns, arrow_schema, arrow_type
from assets.kit.shape import Block
from resources.envelope import Envelope

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


UNKNOWN_SHAPE = "the reply's shape is not known"
"""How the reason begins for which a reply is rejected whole."""


@dataclass(frozen=True, slots=True)
class Source:
    """A shaped reply and where it stands in raw."""

    block: Block
    envelope: Envelope
    raw_file: str
    trading_day: date


@dataclass(frozen=True, slots=True)
class Conformed:
    """Accepted and rejected rows, and the unknown fields with an example each."""

    accepted: "pa.Table"
    rejected: "pa.Table"
    unknown: dict[str, str]


def conform(row: type[Row], sources: Sequence[Source]) -> Conformed:
    """Sort the records of many replies into accepted and rejected rows."""
    import pandas as pd
    import pyarrow as pa

    sources = [source for source in sources if source.block.records]
    records = [record for source in sources for record in source.block.records]
    if not records:
        return Conformed(arrow_schema(row).empty_table(), rejected_schema().empty_table(), {})
    spans = [len(source.block.records) for source in sources]
    origin = pd.Series(range(len(sources))).repeat(spans).to_numpy()
    frame = pd.DataFrame(records)
    values, problems = _parse(row, frame, _constants(sources), origin)
    problems += broken_rules(row, values)
    reasons = _reasons(len(records), problems)
    good = reasons.isna().to_numpy()
    extras, unknown = _extras(row, records, set(frame.columns))
    values["extra"] = extras
    accepted = pa.Table.from_arrays(
        [_arrow(one, values, sources, origin, good) for one in all_columns(row)], schema=arrow_schema(row)
    )
    return Conformed(accepted, _rejected(records, reasons, sources, origin), unknown)


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
            "record": [one if isinstance(one, str) else _json(one) for one in records],
            "reasons": [list(why) for why in reasons],
            "raw_file": [source.raw_file] * count,
            "raw_sha256": [envelope.sha256] * count,
            "observed_at": [envelope.received_at] * count,
            "run_id": [envelope.run_id] * count,
        },
        schema=rejected_schema(),
    )


def _constants(sources: Sequence[Source]) -> "dict[str, pd.Series[Any]]":
    """What holds for a whole reply, one value per reply: read once, not once per row."""
    import pandas as pd

    names = {name for source in sources for name in source.block.constants}
    return {name: pd.Series([source.block.constants.get(name) for source in sources]) for name in names}


def _parse(
    row: type[Row], frame: "pd.DataFrame", constants: "Mapping[str, pd.Series[Any]]", origin: Any
) -> tuple["pd.DataFrame", list[tuple["pd.Series[bool]", str]]]:
    import pandas as pd

    absent = pd.Series([None] * len(frame), index=frame.index, dtype=object)
    values: dict[str, Any] = {}
    problems = []
    for one in row.columns:
        if one.derive is not None:
            values[one.name] = one.derive(pd.DataFrame(values, index=frame.index))
            continue
        assert one.parse is not None
        if one.wire in constants:
            parsed, unusable = (side.take(origin).set_axis(frame.index) for side in one.parse(constants[one.wire]))
        else:
            parsed, unusable = one.parse(frame.get(one.wire, absent))
        values[one.name] = parsed
        if unusable.any():
            problems.append((unusable, f"{one.name}: {one.wire} cannot be read as {one.kind.__name__}"))
        if not one.is_nullable:
            missing = parsed.isna() & ~unusable
            if missing.any():
                problems.append((missing, f"{one.name}: {one.wire} is missing"))
    return pd.DataFrame(values, index=frame.index), problems


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


def _reasons(count: int, problems: list[tuple["pd.Series[bool]", str]]) -> "pd.Series[Any]":
    import pandas as pd

    reasons: list[list[str] | None] = [None] * count
    for mask, reason in problems:
        for position in mask.to_numpy().nonzero()[0]:
            reasons[position] = [*(reasons[position] or ()), reason]
    return pd.Series(reasons, dtype=object)


def _extras(row: type[Row], records: list[Any], names: set[str]) -> tuple[Any, dict[str, str]]:
    import pandas as pd

    unknown = names - {one.wire for one in row.columns} - row.known
    if not unknown:
        return pd.Series([None] * len(records), dtype=object), {}
    extras = [{name: record[name] for name in record.keys() & unknown} for record in records]
    examples = {name: next(_json(extra[name]) for extra in extras if name in extra)[:80] for name in sorted(unknown)}
    return pd.Series([_json(extra) if extra else None for extra in extras], dtype=object), examples


def _arrow(one: Any, values: "pd.DataFrame", sources: Sequence[Source], origin: Any, good: Any) -> "pa.Array":
    """One column of the accepted rows; provenance repeats what holds for the whole reply."""
    import pyarrow as pa

    of_reply = {
        "trading_day": lambda source: source.trading_day,
        "observed_at": lambda source: source.envelope.received_at,
        "raw_sha256": lambda source: source.envelope.sha256,
        "run_id": lambda source: source.envelope.run_id,
    }
    wanted = arrow_type(one)
    if one.name in of_reply and one.name not in values:
        per_reply = pa.array([of_reply[one.name](source) for source in sources])
        places = pa.array(origin[good], type=pa.int32())
        if pa.types.is_dictionary(wanted):
            return pa.DictionaryArray.from_arrays(places, per_reply)
        return per_reply.take(places).cast(wanted)
    return pa.Array.from_pandas(values[one.name][good], type=wanted)


def _rejected(records: list[Any], reasons: "pd.Series[Any]", sources: Sequence[Source], origin: Any) -> "pa.Table":
    import pyarrow as pa

    bad = reasons.notna().to_numpy().nonzero()[0]
    by_source: dict[int, list[int]] = {}
    for position in bad:
        by_source.setdefault(int(origin[position]), []).append(int(position))
    tables = [
        rejected_rows(sources[number], [records[i] for i in positions], [reasons[i] for i in positions])
        for number, positions in by_source.items()
    ]
    return pa.concat_tables(tables) if tables else rejected_schema().empty_table()


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
