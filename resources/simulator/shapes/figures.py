"""Numbers as snapshots write them: text, each kind in its own way.

Belongs here: the formats. Does not: which number goes into which field (`shapes/quotes.py`).
"""

LETTERS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))


def price(value: float, decimals: int) -> str:
    """With the digits of its tick, and more only when a price from a file has more."""
    text = f"{value:.{decimals}f}"
    return text if float(text) == value else repr(value)


def short(value: float) -> str:
    """90.4K, 5.2M, 3.1T; plain below a thousand."""
    for unit, letter in LETTERS:
        if value >= unit:
            return f"{value / unit:.1f}{letter}"
    return f"{value:.0f}"


def grouped(value: float) -> str:
    """1,300."""
    return f"{value:,.0f}"


def percent(share: float, *, sign: bool) -> str:
    """0.0054 is 0.54, or 0.54% where the wire says so."""
    return f"{share * 100:.2f}{'%' if sign else ''}"
