"""Wire shapes of accounts, for the brokerage side and for the portfolio side.

Belongs here: pure functions from accounts to JSON values. Does not: money (`balances.py`).
"""

from collections.abc import Sequence
from datetime import datetime

from resources.simulator.accounts.world import Account
from resources.simulator.shapes.session import SERVER, USER_NAME

EVERYBODY = "All"  # pseudo-account of a user with several accounts
PROPERTIES = {
    "hasChildAccounts": False,
    "supportsCashQty": True,
    "liteUnderPro": False,
    "noFXConv": False,
    "isProp": False,
    "supportsFractions": True,
    "allowCustomerTime": False,
    "autoFx": False,
}
FEATURES = {
    "showGFIS": True,
    "showEUCostReport": False,
    "allowEventContract": True,
    "allowFXConv": True,
    "allowFinancialLens": False,
    "allowMTA": True,
    "allowTypeAhead": True,
    "allowEventTrading": True,
    "snapshotRefreshTimeout": 30,
    "liteUser": False,
    "showWebNews": True,
    "research": True,
    "debugPnl": True,
    "showTaxOpt": True,
    "showImpactDashboard": True,
    "allowDynAccount": False,
    "allowCrypto": True,
    "allowFA": False,
    "allowedAssetTypes": "STK,CFD,OPT,FOP,WAR,FUT,BAG,CASH,IND,BOND,FUND",
}
CHARTS = {
    "STK": ["*"],
    "CFD": ["*"],
    "OPT": ["2h", "1d", "2d", "1w", "1m"],
    "FOP": ["2h", "1d", "2d", "1w", "1m"],
    "FUT": ["*"],
    "CASH": ["*"],
    "IND": ["*"],
    "BOND": ["*"],
    "FUND": ["*"],
}


def tradable(ids: Sequence[str], selected: str, login_at: datetime, master: str = "") -> dict[str, object]:
    """What `/iserver/accounts` says. `master` is an adviser's own account, which has the others below it."""
    names = [*ids, EVERYBODY] if len(ids) > 1 else list(ids)
    advises = bool(master)
    return {
        "accounts": names,
        "acctProps": {name: {**PROPERTIES, "hasChildAccounts": advises and name == master} for name in names},
        "aliases": {name: name for name in names},
        "allowFeatures": {**FEATURES, "allowDynAccount": advises, "allowFA": advises},
        "chartPeriods": CHARTS,
        "groups": [EVERYBODY] if len(ids) > 1 else [],
        "profiles": [],
        "selectedAccount": selected or ids[0],
        "serverInfo": SERVER,
        "sessionId": f"{int(login_at.timestamp()):08x}.00000012",
        "isFT": False,
        "isPaper": True,
    }


def matching(pattern: str, ids: Sequence[str]) -> dict[str, object]:
    """What a search for accounts found."""
    found = [{"accountId": name, "alias": name, "allocationId": str(place + 1)} for place, name in enumerate(ids)]
    return {"matchedAccounts": found, "pattern": pattern}


def described(account: Account) -> dict[str, object]:
    """An account as the portfolio side has it. `accountStatus` is when it was opened."""
    return {
        "id": account.account_id,
        "PrepaidCrypto-Z": False,
        "PrepaidCrypto-P": False,
        "brokerageAccess": True,
        "accountId": account.account_id,
        "accountVan": account.account_id,
        "accountTitle": account.title,
        "displayName": account.title,
        "accountAlias": None,
        "accountStatus": int(account.opened.timestamp() * 1000),
        "currency": account.base,
        "type": "DEMO",
        "tradingType": "STKNOPT",
        "businessType": "INDEPENDENT",
        "category": "",
        "ibEntity": "IBLLC-US",
        "faclient": bool(account.parent),
        "clearingStatus": "O",
        "covestor": False,
        "noClientTrading": False,
        "trackVirtualFXPortfolio": False,
        "acctCustType": "INDIVIDUAL",
        "parent": {
            "mmc": [],
            "accountId": account.parent,
            "isMParent": False,
            "isMChild": False,
            "isMultiplex": False,
        },
        "desc": account.account_id,
    }


def owned(account: Account) -> dict[str, object]:
    """Who owns an account and signs for it."""
    first, _, last = account.title.partition(" ")
    entity = {"firstName": first, "lastName": last, "entityType": "INDIVIDUAL", "entityName": account.title}
    owner = {"roleId": "OWNER", "hasRightCodeInd": True, "userName": USER_NAME, "entity": entity}
    return {"accountId": account.account_id, "users": [owner], "applicant": {"signatures": [account.title]}}
