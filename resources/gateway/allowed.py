"""The complete list of what this project can send: method and path, nothing else leaves the machine.

Everything here reads, or keeps the session alive. Nothing places, changes, confirms or cancels an
order, moves money or edits the account, and `Endpoint` refuses to exist for a pair not listed, so
trading is not forbidden at run time: it cannot be written.
"""

ALLOWED: frozenset[tuple[str, str]] = frozenset(
    {
        # session
        ("GET", "/sso/validate"),
        ("POST", "/iserver/auth/status"),
        ("POST", "/iserver/auth/ssodh/init"),
        ("POST", "/iserver/reauthenticate"),
        ("POST", "/tickle"),
        # accounts
        ("GET", "/iserver/accounts"),
        ("POST", "/iserver/account"),
        ("GET", "/portfolio/accounts"),
        ("GET", "/portfolio/subaccounts"),
        ("GET", "/portfolio/subaccounts2"),
        ("GET", "/portfolio/{account_id}/meta"),
        # portfolio
        ("GET", "/portfolio/{account_id}/summary"),
        ("GET", "/portfolio/{account_id}/ledger"),
        ("GET", "/portfolio/{account_id}/allocation"),
        ("GET", "/portfolio/{account_id}/positions/{page}"),
        ("GET", "/portfolio/{account_id}/position/{conid}"),
        ("GET", "/portfolio/{account_id}/combo/positions"),
        ("GET", "/portfolio2/{account_id}/positions"),
        # performance
        ("POST", "/pa/performance"),
        ("GET", "/pa/performance"),
        ("POST", "/pa/allperiods"),
        ("POST", "/pa/transactions"),
        # trading, reading only
        ("GET", "/iserver/account/orders"),
        ("GET", "/iserver/account/trades"),
        # market
        ("GET", "/iserver/marketdata/history"),
        ("GET", "/iserver/marketdata/snapshot"),
        ("GET", "/iserver/marketdata/unsubscribeall"),
        ("GET", "/md/regsnapshot"),
        # reference
        ("GET", "/trsrv/secdef"),
        ("GET", "/trsrv/stocks"),
        ("GET", "/trsrv/futures"),
        ("GET", "/trsrv/secdef/schedule"),
        ("GET", "/iserver/contract/{conid}/info"),
        ("GET", "/iserver/secdef/search"),
        ("GET", "/iserver/secdef/strikes"),
        ("GET", "/iserver/secdef/info"),
        # scanner
        ("GET", "/iserver/scanner/params"),
        ("POST", "/iserver/scanner/run"),
    }
)
