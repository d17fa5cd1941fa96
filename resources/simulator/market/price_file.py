"""Daily prices in CSV: date,open,high,low,close,volume and optionally symbol and split.

Belongs here: reading files strictly, and saying what is wrong with them. Does not: serving (`market_file.py`).

Columns may come in any order and case, and others may stand beside them. Without a symbol column the file's
name is the symbol. Numbers are kept as they are written: prices as they were traded. A line whose split is 2 is the
first day on which two shares stand for one of the day before; 0.1 is a reverse split, an empty one is none.
"""

import csv
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from resources.simulator.market.market import Split
from resources.simulator.market.minutes import Day
from resources.simulator.market.paths import Ints
from resources.simulator.market.prices import Daily

COLUMNS = ("date", "open", "high", "low", "close", "volume")
SYMBOLS = ("symbol", "ticker")
SPLIT = "split"


class PriceFileError(ValueError):
    """A file that cannot be served: which file, which line, what is wrong, what to do."""


@dataclass(frozen=True, slots=True)
class Series:
    """One symbol's days, oldest first."""

    days: list[date]
    ordinals: Ints
    prices: Daily
    splits: tuple[Split, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file."""

    symbol: str
    day: date
    bar: Day
    split: float | None


def read(path: Path) -> dict[str, Series]:
    """Every symbol of a file or of a folder of files, in alphabetical order."""
    found: dict[str, dict[date, Row]] = {}
    for file in _files(path):
        for line, row in _rows(file):
            days = found.setdefault(row.symbol, {})
            if row.day in days:
                raise _broken(file, line, f"{row.symbol} has {row.day} twice", "Keep one of the two lines")
            days[row.day] = row
    if not found:
        raise PriceFileError(f"read {path}: no prices in it. Give each symbol at least one line")
    return {symbol: _series(found[symbol]) for symbol in sorted(found)}


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    files = sorted(file for file in path.glob("*") if file.suffix.lower() == ".csv")
    if not files:
        missing = "no CSV files in this folder" if path.is_dir() else "no such file or folder"
        raise PriceFileError(f"read {path}: {missing}. Give a CSV with the header {','.join(COLUMNS)}")
    return files


def _rows(file: Path) -> Iterator[tuple[int, Row]]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.reader(lines)
            places = _places(file, next(reader, []))
            for cells in reader:
                if cells:
                    yield reader.line_num, _row(file, reader.line_num, places, cells)
    except (UnicodeDecodeError, csv.Error) as error:
        raise PriceFileError(f"read {file}: not a CSV in UTF-8 ({error}). Save it as one") from error


def _places(file: Path, header: Iterable[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, name in enumerate(header):
        word = name.strip().lower()
        places.setdefault("symbol" if word in SYMBOLS else word, place)
    missing = [name for name in COLUMNS if name not in places]
    if missing:
        advice = f"The header must name {','.join(COLUMNS)}"
        raise _broken(file, 1, f"no column {', '.join(missing)}", advice)
    return places


def _row(file: Path, line: int, places: dict[str, int], cells: list[str]) -> Row:
    named = {name: cells[place].strip() for name, place in places.items() if place < len(cells)}
    short = [name for name in places if name not in named and name in (*COLUMNS, "symbol")]
    if short:
        raise _broken(file, line, f"the line ends before {', '.join(short)}", "Fill it in or remove the line")
    symbol = named.get("symbol", file.stem).upper()
    if not symbol:
        raise _broken(file, line, "the symbol is empty", "Fill it in or remove the line")
    bar = Day(*(_number(file, line, name, named[name]) for name in COLUMNS[1:]))
    _check(file, line, bar)
    return Row(symbol, _date(file, line, named["date"]), bar, _split(file, line, named.get(SPLIT, "")))


def _date(file: Path, line: int, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _broken(file, line, f"date {text!r} is not a day", "Write it like 2013-03-01") from None


def _number(file: Path, line: int, name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _broken(file, line, f"{name} {text!r} is not a number", "Write it like 123.45, without separators")
    return number


def _split(file: Path, line: int, text: str) -> float | None:
    if not text:
        return None
    ratio = _number(file, line, SPLIT, text)
    if ratio <= 0:
        raise _broken(
            file, line, f"split {text} is not positive", "Write how many shares one share becomes, or nothing"
        )
    return ratio


def _check(file: Path, line: int, bar: Day) -> None:
    if bar.high < bar.low:
        raise _broken(file, line, f"high {bar.high:g} is below low {bar.low:g}", "Correct or remove the line")
    for name, price in (("open", bar.open), ("close", bar.close)):
        if not bar.low <= price <= bar.high:
            said = f"{name} {price:g} is outside low {bar.low:g} to high {bar.high:g}"
            raise _broken(file, line, said, "Correct or remove the line")
    if bar.low <= 0 or bar.volume < 0:
        raise _broken(file, line, "a price is not positive or the volume is negative", "Correct or remove the line")


def _series(found: dict[date, Row]) -> Series:
    days = sorted(found)
    rows = [found[day].bar for day in days]
    sides = ([getattr(row, side) for row in rows] for side in Daily._fields)
    ordinals = np.array([day.toordinal() for day in days], dtype=np.int64)
    splits = tuple(Split(day, ratio) for day in days if (ratio := found[day].split))
    return Series(days, ordinals, Daily(*(np.array(side, dtype=np.float64) for side in sides)), splits)


def _broken(file: Path, line: int, said: str, advice: str) -> PriceFileError:
    return PriceFileError(f"read {file}, line {line}: {said}. {advice}")
