from datetime import date
from pathlib import Path

import pytest

from resources.simulator.market.market import Split
from resources.simulator.market.price_file import PriceFileError, read

HEADER = "date,open,high,low,close,volume\n"
GOOD = "2013-03-01,438,438.18,429.98,430.47,19730300\n"


def write(folder: Path, text: str, name: str = "AAPL.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_without_symbols_speaks_of_its_own_name(tmp_path: Path) -> None:
    found = read(write(tmp_path, HEADER + GOOD))
    assert list(found) == ["AAPL"]
    assert found["AAPL"].days == [date(2013, 3, 1)]
    assert [side.tolist() for side in found["AAPL"].prices] == [[438.0], [438.18], [429.98], [430.47], [19730300.0]]


@pytest.mark.parametrize("name", ["symbol", "Ticker"])
def test_columns_come_in_any_order_and_case_with_others_between(tmp_path: Path, name: str) -> None:
    text = f"\ufeffClose,{name},adj_close,VOLUME,Low,High,Open,Date\n10.5,abc,9,7,10,11,10.123456789,2020-01-02\n"
    found = read(write(tmp_path, text, "all.csv"))
    assert list(found) == ["ABC"]
    assert found["ABC"].prices.open.tolist() == [10.123456789]


def test_a_split_stands_on_its_first_day(tmp_path: Path) -> None:
    text = f"Split,{HEADER}2,2020-01-03,5,5,5,5,9\n,2020-01-02,10,10,10,10,9\n0.1,2020-01-06,50,50,50,50,9\n"
    found = read(write(tmp_path, text))
    assert found["AAPL"].splits == (Split(date(2020, 1, 3), 2.0), Split(date(2020, 1, 6), 0.1))


def test_a_folder_holds_one_file_per_symbol_and_days_are_sorted(tmp_path: Path) -> None:
    write(tmp_path, HEADER + GOOD + "2013-02-28,444.05,447.87,441.4,441.4,11518400\n\n")
    write(tmp_path, HEADER + GOOD, "IBM.CSV")
    write(tmp_path, "not prices", "README.md")
    found = read(tmp_path)
    assert list(found) == ["AAPL", "IBM"]
    assert found["AAPL"].days == [date(2013, 2, 28), date(2013, 3, 1)]
    assert found["AAPL"].prices.close.tolist() == [441.4, 430.47]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: no column date, open, high, low, close, volume. The header must name date,open"),
        ("date,open,high,low,close\n", "line 1: no column volume"),
        (HEADER + GOOD + GOOD, "line 3: AAPL has 2013-03-01 twice. Keep one"),
        (HEADER + "2013-03-01,1,2,1,oops,5\n", "line 2: close 'oops' is not a number. Write it like 123.45"),
        (HEADER + "2013-03-01,1,2,1,nan,5\n", "line 2: close 'nan' is not a number"),
        (HEADER + "2013-03-01,1,2,3,1,5\n", "line 2: high 2 is below low 3. Correct"),
        (HEADER + "2013-03-01,5,2,1,1,5\n", "line 2: open 5 is outside low 1 to high 2"),
        (HEADER + "2013-03-01,1,2,0,1,5\n", "line 2: a price is not positive"),
        (HEADER + "2013-03-01,1,2,1,1,-5\n", "line 2: a price is not positive or the volume is negative"),
        (HEADER + "01/03/2013,1,2,1,1,5\n", "line 2: date '01/03/2013' is not a day. Write it like 2013-03-01"),
        ("split," + HEADER + "0," + GOOD, "line 2: split 0 is not positive. Write how many shares one share becomes"),
        ("split," + HEADER + "2:1," + GOOD, "line 2: split '2:1' is not a number"),
        (HEADER + "2013-03-01,1,2\n", "line 2: the line ends before low, close, volume"),
        ("symbol," + HEADER + " ," + GOOD, "line 2: the symbol is empty"),
        (HEADER, "no prices in it"),
    ],
)
def test_a_broken_file_says_where_what_and_what_to_do(tmp_path: Path, text: str, said: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(PriceFileError) as refusal:
        read(file)
    assert str(refusal.value).startswith(f"read {file}")
    assert said in str(refusal.value)


def test_a_path_without_files_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(PriceFileError, match="no CSV files in this folder. Give a CSV with the header date,open"):
        read(tmp_path)
    with pytest.raises(PriceFileError, match="no such file or folder"):
        read(tmp_path / "missing.csv")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(PriceFileError, match="not a CSV in UTF-8"):
        read(tmp_path)
