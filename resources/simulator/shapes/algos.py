"""Wire shapes of the broker's algorithms: which a contract has, and their parameters.

Belongs here: the table and how much of it is told. Does not: executing anything by them.

`required` is text and only there when it is true; defaults are values of their own type.
"""

from collections.abc import Container

from resources.simulator.contracts.instruments import Instrument

Row = dict[str, object]
MOST = 8  # that can be asked for by id


def _parameter(rank: int, name: str, key: str, kind: str, **more: object) -> Row:
    return {"guiRank": rank, "name": name, "id": key, "valueClassName": kind, **more}


START = _parameter(2, "Start Time", "startTime", "Time", description="Defaults to start of market trading")
END = _parameter(3, "End Time", "endTime", "Time", description="Defaults to end of market trading")
SHARE = _parameter(
    1, "Max Percentage", "maxPctVol", "Double", minValue=0.01, maxValue=50, description="From 0.01 to 50.0"
)
PAST_END = _parameter(4, "Allow trading past end time", "allowPastEndTime", "Boolean", defaultValue=False)
PASSIVE = _parameter(5, "Attempt to never take liquidity", "noTakeLiq", "Boolean", defaultValue=False)
FASTER = _parameter(
    8,
    "Speed up when market approaches limit price",
    "speedUp",
    "Boolean",
    defaultValue=False,
    description="Makes up for fills missed because of the limit.",
    enabledConditions=["MKT:speedUp:=:no"],
)
LIMIT = _parameter(12, "Trade when price is more aggressive than:", "conditionalPrice", "Double")
LEVELS = ["Urgent", "Normal", "Patient"]
PRIORITY = _parameter(
    1,
    "Adaptive order priority/urgency",
    "adaptivePriority",
    "String",
    defaultValue="Normal",
    legalStrings=LEVELS,
    required="true",
)
RISK = _parameter(
    5,
    "Urgency/Risk aversion",
    "riskAversion",
    "String",
    defaultValue="Neutral",
    legalStrings=["Get Done", "Aggressive", "Neutral", "Passive"],
    required="true",
)
DISPLAY = _parameter(1, "Display size", "displaySize", "Integer", required="true")

VOLUME = [SHARE, FASTER, LIMIT]

# id, name, description, parameters, classes of contracts that have it
ALGOS: list[tuple[str, str, str, list[Row], tuple[str, ...]]] = [
    ("Adaptive", "Adaptive", "Works a market or limit order inside the spread.", [PRIORITY], ("STK", "OPT", "FUT")),
    ("ArrivalPx", "Arrival Price", "Aims at the midpoint when the order came.", [SHARE, RISK, START, END], ("STK",)),
    ("ClosePx", "Close Price", "Aims at the closing price.", [SHARE, RISK, START], ("STK",)),
    ("DarkIce", "Dark Ice", "Shows a part and varies it.", [DISPLAY, START, END, PAST_END], ("STK", "OPT")),
    ("PctVol", "Percentage of Volume", "Takes a share of what trades.", [SHARE, START, END, PASSIVE], ("STK",)),
    ("Twap", "TWAP", "Aims at the average over time.", [START, END, PAST_END], ("STK", "FUT")),
    ("Vwap", "VWAP", "Aims at the average by volume.", [*VOLUME, START, END, PAST_END, PASSIVE], ("STK",)),
]


def algos(instrument: Instrument, wanted: Container[str] | None, *, described: bool, parameters: bool) -> Row:
    """The algorithms of a contract; `wanted` are ids, None for all."""
    found: list[Row] = []
    for key, name, description, takes, classes in ALGOS:
        if instrument.asset_class in classes and instrument.is_us and (wanted is None or key in wanted):
            about: Row = {"description": description} if described else {}
            found.append({"name": name, "id": key, **about, **({"parameters": takes} if parameters else {})})
    return {"algos": found}
