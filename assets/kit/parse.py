"""Values of the wire, read once: each parser takes a column as received and gives it typed.

The wire sends numbers as text ("1,300", "150"), dates as text or int, instants in seconds here and
milliseconds there, booleans as booleans. A parser returns the values, missing ones as null, and a
mask of those that were present but unusable; it never guesses and never raises.
"""

import html
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


class Parsed(NamedTuple):
    """`values` typed and nullable; `unusable` marks what was there but could not be read."""

    values: "pd.Series[Any]"
    unusable: "pd.Series[bool]"


SIZES = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
Parser = Callable[["pd.Series[Any]"], Parsed]


def text(raw: "pd.Series[Any]") -> Parsed:
    """Text; blank is null."""
    import pandas as pd

    present = _present(raw)
    is_text = raw.map(lambda value: isinstance(value, str)).astype(bool) if len(raw) else present
    values = raw.where(present & is_text, None).astype(pd.StringDtype())
    return Parsed(values.where(values.str.strip() != "", None), present & ~is_text)


def unescaped(raw: "pd.Series[Any]") -> Parsed:
    """Text in which a letter may be written as an HTML entity: `&#x82F9;`."""
    values, unusable = text(raw)
    return Parsed(values.map(html.unescape, na_action="ignore"), unusable)


def number(raw: "pd.Series[Any]") -> Parsed:
    """A finite number, also as text with thousands commas; blank is null."""
    import numpy as np
    import pandas as pd

    if raw.dtype.kind in "if":
        plain = raw.to_numpy(dtype="float64")
        if np.isfinite(plain).all():
            return _all_read(raw, pd.arrays.FloatingArray(plain, np.zeros(len(raw), dtype=bool)))
        values = raw.astype("float64")
        finite = pd.Series(np.isfinite(values), index=raw.index)
        return Parsed(values.where(finite).astype("Float64"), ~finite & values.notna())
    present = _present(raw)
    is_bool = raw.map(lambda value: isinstance(value, bool)).astype(bool)
    cleaned = raw.map(lambda value: value.replace(",", "").strip() or None if isinstance(value, str) else value)
    present &= _present(cleaned)
    values = pd.to_numeric(cleaned.where(present & ~is_bool, None), errors="coerce").astype("float64")
    finite = pd.Series(np.isfinite(values), index=raw.index)
    return Parsed(values.where(finite).astype("Float64"), present & ~finite)


def whole(raw: "pd.Series[Any]") -> Parsed:
    """A whole number of at most 2^53, also as text: ids come both ways."""
    if raw.dtype.kind == "i":
        return _all_read(raw, raw.astype("Int64"))
    values, unusable = number(raw)
    fits = ((values % 1 == 0) & (values.abs() <= 2**53)).fillna(value=False).astype(bool)
    return Parsed(values.where(fits).astype("Int64"), unusable | (values.notna() & ~fits))


def zero_is_null(raw: "pd.Series[Any]") -> Parsed:
    """A number where 0, 0.0 or "0" says "none": strike and multiplier of what has neither."""
    values, unusable = number(raw)
    return Parsed(values.where((values != 0).fillna(value=False)), unusable)


def figure(raw: "pd.Series[Any]") -> Parsed:
    """A number as a screen shows it: "+1.25%", "163.773K", "12.4M", "3.1T"; percents stay percents."""
    import pandas as pd

    written = raw.map(lambda value: value.strip() if isinstance(value, str) else None).astype(pd.StringDtype())
    parts = written.str.extract(r"^([+-]?[\d,]*\.?\d+(?:[eE][+-]?\d+)?)\s?([KMBT])?%?$")
    values, unusable = number(raw.where(parts[0].isna(), parts[0].astype(object)).astype(object))
    size = parts[1].map(SIZES)
    return Parsed((values * size.astype("Float64")).round(6).where(size.notna(), values), unusable)


def figure_if_any(raw: "pd.Series[Any]") -> Parsed:
    """The number of a text that may be none: of a word there is no number, and that is no mistake."""
    values, unusable = figure(raw)
    return Parsed(values, unusable & False)


def after_letter(raw: "pd.Series[Any]") -> Parsed:
    """A figure that may stand after a C (a close) or an H (halted): "C193.18"."""
    return figure(raw.map(lambda value: value[1:] if isinstance(value, str) and value[:1] in {"C", "H"} else value))


def begins_with(letter: str) -> Parser:
    """Whether a text begins with a letter; null where there is none."""

    def parse(raw: "pd.Series[Any]") -> Parsed:
        values = raw.map(lambda value: str(value).startswith(letter), na_action="ignore").astype("boolean")
        return Parsed(values, raw.isna() & False)

    return parse


def boolean(raw: "pd.Series[Any]") -> Parsed:
    """True or false, nothing that merely looks like it."""
    present = _present(raw)
    is_bool = raw.map(lambda value: isinstance(value, bool)).astype(bool) if len(raw) else present
    return Parsed(raw.where(present & is_bool, None).astype("boolean"), present & ~is_bool)


def day(raw: "pd.Series[Any]") -> Parsed:
    """A date as `YYYYMMDD`, text or int, or ISO text."""
    return _dates(raw, pattern=r"\d{8}|\d{4}-\d{2}-\d{2}")


def java_day(raw: "pd.Series[Any]") -> Parsed:
    """A date as Java prints it, `Tue Mar 31 00:00:00 EDT 2026`: the day as written; or as `day` reads it."""
    import pandas as pd

    written = raw.map(lambda value: value if isinstance(value, str) else None).astype(pd.StringDtype())
    parts = written.str.extract(r"^[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{1,2}) [\d:]{8} \S+ (\d{4})$")
    printed = pd.to_datetime((parts[1] + parts[0] + parts[2]).astype(object), format="%d%b%Y", errors="coerce")
    values, unusable = day(raw)
    return Parsed(printed.astype(values.dtype).where(printed.notna(), values), unusable & printed.isna())


def month(raw: "pd.Series[Any]") -> Parsed:
    """A month as `YYYYMM`; gives its first day."""
    return _dates(raw, pattern=r"\d{6}", suffix="01")


def named_month(raw: "pd.Series[Any]") -> Parsed:
    """A month as `JAN27`, the way derivatives are searched by; gives its first day."""
    import pandas as pd

    present = _present(raw)
    values = pd.to_datetime(raw.map(month_named).astype(object), errors="coerce")
    return Parsed(values, present & values.isna())


def month_named(name: Any) -> date | None:
    """The first day of the month that a name like `JAN27` stands for; None of what is no such name."""
    found = re.fullmatch(r"([A-Z]{3})(\d\d)", name) if isinstance(name, str) else None
    if found is None or found[1] not in MONTHS:
        return None
    return date(2000 + int(found[2]), MONTHS.index(found[1]) + 1, 1)


def epoch_ms(raw: "pd.Series[Any]") -> Parsed:
    """An instant as milliseconds since 1970."""
    return _instants(raw, per_second=1000)


def epoch_s(raw: "pd.Series[Any]") -> Parsed:
    """An instant as seconds since 1970."""
    return _instants(raw, per_second=1)


def epoch(raw: "pd.Series[Any]") -> Parsed:
    """An instant as seconds or milliseconds since 1970, told apart by magnitude: live replies and the docs differ.

    Seconds reach 10^11 in the year 5138, milliseconds had in 1973.
    """
    values, unusable = whole(raw)
    is_ms = (values >= 10**11).fillna(value=False).astype(bool)
    instants = epoch_ms(values.where(is_ms, values * 1000).astype(object).where(values.notna(), None))
    return Parsed(instants.values, unusable | instants.unusable)


def instant(raw: "pd.Series[Any]") -> Parsed:
    """An instant as ISO 8601 text with its distance from UTC."""
    import pandas as pd

    present = _present(raw)
    written = raw.map(lambda value: value if isinstance(value, str) else None).astype(pd.StringDtype())
    told = written.where(written.str.fullmatch(r"\d{4}-.*(Z|[+-]\d\d:\d\d)").fillna(value=False).astype(bool))
    values = pd.to_datetime(told.astype(object), format="ISO8601", utc=True, errors="coerce")
    return Parsed(values.astype("datetime64[us, UTC]"), present & values.isna())


def instant_as(form: str) -> Parser:
    """A parser of an instant that is written out in UTC, in a form of `strptime`: 240103201041, 20260908-13:58:11."""

    def written_out(raw: "pd.Series[Any]") -> Parsed:
        import pandas as pd

        told, unusable = text(raw)
        values = pd.to_datetime(told.astype(object), format=form, utc=True, errors="coerce")
        return Parsed(values.astype("datetime64[us, UTC]"), unusable | (told.notna() & values.isna()))

    return written_out


def worded(words: Mapping[str, str]) -> Parser:
    """A parser of a text in which some words of the wire are replaced by ours; an unknown word stays as it came."""

    def in_our_words(raw: "pd.Series[Any]") -> Parsed:
        told, unusable = text(raw)
        return Parsed(told.replace(dict(words)), unusable)

    return in_our_words


SIDES = {"B": "BUY", "BOT": "BUY", "S": "SELL", "SLD": "SELL"}
"""Orders say BUY and SELL, executions B and S."""


def flag(raw: "pd.Series[Any]") -> Parsed:
    """True or false that comes as the text "1" or "0", or as a boolean."""
    switches: dict[object, bool] = {"1": True, "0": False, 1: True, 0: False}
    return boolean(raw.map(lambda value: switches.get(value, value) if isinstance(value, str | int | float) else value))


def parser_of(kind: type) -> Parser:
    """The parser a column gets when it names none."""
    return {str: text, int: whole, float: number, bool: boolean, date: day, datetime: epoch_ms}[kind]


def _all_read(raw: "pd.Series[Any]", values: Any) -> Parsed:
    """What a column of sound numbers becomes."""
    import pandas as pd

    return Parsed(pd.Series(values, index=raw.index), pd.Series(False, index=raw.index))


def _present(raw: "pd.Series[Any]") -> "pd.Series[bool]":
    return raw.notna()


def _dates(raw: "pd.Series[Any]", *, pattern: str, suffix: str = "") -> Parsed:
    import pandas as pd

    present = _present(raw)
    written = raw.map(lambda value: str(value).strip() if isinstance(value, str | int) else "", na_action="ignore")
    written = written.where(present, None).astype(pd.StringDtype())
    blank = (written == "").fillna(value=True) & raw.map(lambda value: isinstance(value, str)).astype(bool)
    matches = written.str.fullmatch(pattern).fillna(value=False).astype(bool)
    compact = (written.where(matches).str.replace("-", "") + suffix).astype(object)
    values = pd.to_datetime(compact.where(matches, None), format="%Y%m%d", errors="coerce")
    return Parsed(values, present & values.isna() & ~blank.astype(bool))


def _instants(raw: "pd.Series[Any]", *, per_second: int) -> Parsed:
    import numpy as np
    import pandas as pd

    if raw.dtype.kind == "i" and ((raw >= 0) & (raw < 253_402_300_800 * per_second)).all():
        told = raw.to_numpy(dtype=np.int64) * (1_000_000 // per_second)
        return _all_read(raw, pd.DatetimeIndex(told.view("datetime64[us]"), tz="UTC"))
    values, unusable = whole(raw)
    sane = ((values >= 0) & (values < 253_402_300_800 * per_second)).fillna(value=False).astype(bool)
    micros = values.where(sane) * (1_000_000 // per_second)
    instants = pd.to_datetime(micros.astype("Int64"), unit="us", utc=True).astype("datetime64[us, UTC]")
    return Parsed(instants, unusable | (values.notna() & ~sane))
