"""The Chinese names of well-known companies, as the gateway spells them.

Belongs here: names and their spelling. Does not: other attributes of a contract (`catalogue.py`).

Quirk kept on purpose: characters outside ASCII come as numeric entities of HTML, as recorded; most
contracts have no such name.
"""

NAMES = {
    "APPLE INC": "苹果公司",
    "MICROSOFT CORP": "微软",
    "INTL BUSINESS MACHINES CORP": "国际商业机器公司",
    "ALPHABET INC-CL C": "Alphabet公司",
    "ALPHABET INC-CL A": "Alphabet公司",
    "META PLATFORMS INC-CLASS A": "Meta平台股份有限公司",
    "AMAZON.COM INC": "亚马逊公司",
    "NVIDIA CORP": "英伟达",
    "INTEL CORP": "英特尔",
    "TESLA INC": "特斯拉",
    "WALMART INC": "沃尔玛",
    "COCA-COLA CO/THE": "可口可乐",
    "ALIBABA GROUP HOLDING-SP ADR": "阿里巴巴集团",
    "SPDR S&P 500 ETF TRUST": "SPDR标普500 ETF信托",
    "VANGUARD S&P 500 ETF": "Vanguard标普500 ETF",
}


def chinese_name(name: str) -> str | None:
    """What a company is called in Chinese, if anything."""
    return "".join(_spelled(letter) for letter in NAMES[name]) if name in NAMES else None


def _spelled(letter: str) -> str:
    return letter if letter.isascii() else f"&#x{ord(letter):X};"
