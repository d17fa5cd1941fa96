"""The complete list of what this project can send: method and path, nothing else leaves the machine.

Beside each stands the tier of the session that it needs: below /portfolio, /pa and /trsrv a login is enough, so
these go on while the brokerage session is down; everything below /iserver and /md wants that one too.

Everything here reads, or keeps the session alive. Nothing places, changes, confirms or cancels an
order, moves money or edits the account, and `Endpoint` refuses to exist for a pair not listed, so
trading is not forbidden at run time: it cannot be written.
"""

from collections.abc import Mapping
from enum import Enum, auto


class Tier(Enum):
    """How much of a session a request needs."""

    LOGIN = auto()
    """Somebody is logged in (IBKR: an SSO or read-only session)."""
    BROKERAGE = auto()
    """The brokerage session is up, of which each username has one."""


ALLOWED: Mapping[tuple[str, str], Tier] = {
    # session
    ("GET", "/sso/validate"): Tier.LOGIN,
    ("POST", "/iserver/auth/status"): Tier.LOGIN,
    ("POST", "/iserver/auth/ssodh/init"): Tier.LOGIN,
    ("POST", "/iserver/reauthenticate"): Tier.LOGIN,
    ("POST", "/tickle"): Tier.LOGIN,
    # accounts
    ("GET", "/iserver/accounts"): Tier.BROKERAGE,
    ("POST", "/iserver/account"): Tier.BROKERAGE,
    ("GET", "/portfolio/accounts"): Tier.LOGIN,
    ("GET", "/portfolio/subaccounts"): Tier.LOGIN,
    ("GET", "/portfolio/subaccounts2"): Tier.LOGIN,
    ("GET", "/portfolio/{account_id}/meta"): Tier.LOGIN,
    # portfolio
    ("GET", "/portfolio/{account_id}/summary"): Tier.LOGIN,
    ("GET", "/portfolio/{account_id}/ledger"): Tier.LOGIN,
    ("GET", "/portfolio/{account_id}/allocation"): Tier.LOGIN,
    ("GET", "/portfolio/{account_id}/positions/{page}"): Tier.LOGIN,
    ("GET", "/portfolio/{account_id}/position/{conid}"): Tier.LOGIN,
    ("GET", "/portfolio/{account_id}/combo/positions"): Tier.LOGIN,
    ("GET", "/portfolio2/{account_id}/positions"): Tier.LOGIN,
    # performance
    ("POST", "/pa/performance"): Tier.LOGIN,
    ("GET", "/pa/performance"): Tier.LOGIN,
    ("POST", "/pa/allperiods"): Tier.LOGIN,
    ("POST", "/pa/transactions"): Tier.LOGIN,
    # trading, reading only
    ("GET", "/iserver/account/orders"): Tier.BROKERAGE,
    ("GET", "/iserver/account/trades"): Tier.BROKERAGE,
    # market
    ("GET", "/iserver/marketdata/history"): Tier.BROKERAGE,
    ("GET", "/iserver/marketdata/snapshot"): Tier.BROKERAGE,
    ("GET", "/iserver/marketdata/unsubscribeall"): Tier.BROKERAGE,
    ("GET", "/md/regsnapshot"): Tier.BROKERAGE,
    # reference
    ("GET", "/trsrv/secdef"): Tier.LOGIN,
    ("GET", "/trsrv/stocks"): Tier.LOGIN,
    ("GET", "/trsrv/futures"): Tier.LOGIN,
    ("GET", "/trsrv/secdef/schedule"): Tier.LOGIN,
    ("GET", "/iserver/contract/{conid}/info"): Tier.BROKERAGE,
    ("GET", "/iserver/secdef/search"): Tier.BROKERAGE,
    ("GET", "/iserver/secdef/strikes"): Tier.BROKERAGE,
    ("GET", "/iserver/secdef/info"): Tier.BROKERAGE,
    # scanner
    ("GET", "/iserver/scanner/params"): Tier.BROKERAGE,
    ("POST", "/iserver/scanner/run"): Tier.BROKERAGE,
}
