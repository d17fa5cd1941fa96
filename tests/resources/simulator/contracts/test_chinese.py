from html import unescape

from resources.simulator.contracts.catalogue import STOCKS
from resources.simulator.contracts.chinese import NAMES, chinese_name


def test_a_name_is_spelled_in_entities_that_any_html_reader_undoes() -> None:
    spelled = chinese_name("VANGUARD S&P 500 ETF")
    assert spelled is not None
    assert spelled.isascii()
    assert spelled.startswith("Vanguard&#x")
    assert unescape(spelled) == "Vanguard标普500 ETF"


def test_most_companies_have_none() -> None:
    assert chinese_name("SIM A INC") is None


def test_names_belong_to_companies_that_exist() -> None:
    assert set(NAMES) <= {name for _, _, name, *_ in STOCKS}
