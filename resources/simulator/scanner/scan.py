"""Running a scan: the contracts of a place that pass the filters, in the order of a measure.

Belongs here: the run. Does not: unpacking requests (`routes/scanner.py`), wire shapes (`shapes/scanner.py`).

Equal ranks keep the order of conids, so that the same question has the same answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from resources.simulator.contracts.instruments import Instrument
from resources.simulator.scanner import filters
from resources.simulator.scanner.places import KINDS, LOCATIONS, Kind, Location
from resources.simulator.scanner.scans import OPTIONS, SCANS, Scan
from resources.simulator.scanner.sheet import Sheet, Sheets


class ScanError(ValueError):
    """A scan that cannot be run; the message says which word of it is wrong."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a client asked for, in its own words."""

    instrument: str
    location: str
    scan: str
    filters: Sequence[tuple[str, object]] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """One row of an answer."""

    contract: Instrument
    value: float


def run(sheets: Sheets, question: Question, at: datetime) -> tuple[Scan, list[Hit]]:
    """Every hit at an instant, best first."""
    scan, kind, (owner, location) = _known(question)
    unknown = [code for code, _ in question.filters if code not in filters.FILTERS]
    if unknown:
        raise ScanError(f"invalid filter {unknown[0]}")
    if kind.shelf is None or owner is not kind:
        return scan, []
    sheet = sheets.sheet(kind.shelf, at)
    if scan.measure in OPTIONS or any(code in filters.NEEDING_OPTIONS for code, _ in question.filters):
        sheet = Sheet(sheet.contracts, {**sheet.measures, **sheets.options(sheet.contracts, at)})
    return scan, _hits(sheet, scan, kind, location, question)


def _known(question: Question) -> tuple[Scan, Kind, tuple[Kind, Location]]:
    scan, kind = SCANS.get(question.scan), KINDS.get(question.instrument)
    if scan is None:
        raise ScanError(f"invalid scan type {question.scan}")
    if kind is None or kind.code not in scan.instruments:
        raise ScanError(f"invalid instrument {question.instrument} for scan type {scan.code}")
    if question.location not in LOCATIONS:
        raise ScanError(f"invalid location {question.location}")
    return scan, kind, LOCATIONS[question.location]


def _hits(sheet: Sheet, scan: Scan, kind: Kind, location: Location, question: Question) -> list[Hit]:
    try:
        passed = filters.apply(sheet, question.filters)
    except filters.FilterError as error:
        raise ScanError(str(error)) from error
    covered = [kind.covers(contract) and location.covers(contract) for contract in sheet.contracts]
    passed &= np.array(covered, dtype=np.bool_)
    values = sheet.measures[scan.measure]
    passed &= ~np.isnan(values)
    if scan.only:
        passed &= sheet.measures[scan.only] == 0
    rows = np.flatnonzero(passed)
    sign = 1 if scan.ascending else -1
    conids = np.array([contract.conid for contract in sheet.contracts], dtype=np.int64)[rows]
    ranked = rows[np.lexsort((conids, sign * values[rows]))]
    return [Hit(sheet.contracts[row], float(values[row])) for row in ranked.tolist()]
