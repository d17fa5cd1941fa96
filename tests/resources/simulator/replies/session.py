"""How the replies of the session and of the lists of accounts are come by."""

from collections.abc import Iterator
from typing import Any

from resources.simulator.flavour import Flavour
from tests.resources.simulator.replies.visitor import Asking, Visitor

INIT = "/iserver/auth/ssodh/init"


def sso_validate(visitor: Visitor) -> Iterator[Any]:
    yield visitor.get("/sso/validate")


def auth_status(visitor: Visitor) -> Iterator[Any]:
    yield visitor.get("/iserver/auth/status")
    yield visitor.post("/iserver/auth/status")


def auth_status_without_brokerage(visitor: Visitor) -> Iterator[Any]:
    visitor.simulation.session.brokerage = False
    yield visitor.get("/iserver/auth/status")


def ssodh_init(visitor: Visitor) -> Iterator[Any]:
    yield visitor.post(INIT, {"publish": True, "compete": True})


def ssodh_init_refused(visitor: Visitor) -> Iterator[Any]:
    visitor.simulation.session.competing = True
    yield visitor.post(INIT, {"publish": True, "compete": False})


def tickle(visitor: Visitor) -> Iterator[Any]:
    yield visitor.post("/tickle")
    yield visitor.get("/tickle")


def tickle_without_brokerage(visitor: Visitor) -> Iterator[Any]:
    visitor.simulation.session.brokerage = False
    yield visitor.post("/tickle")


def reauthenticate(visitor: Visitor) -> Iterator[Any]:
    yield visitor.post("/iserver/reauthenticate")


def logout(visitor: Visitor) -> Iterator[Any]:
    yield visitor.post("/logout")


def iserver_accounts(visitor: Visitor) -> Iterator[Any]:
    yield visitor.get("/iserver/accounts")


def iserver_switch_account(visitor: Visitor) -> Iterator[Any]:
    other = visitor.get("/iserver/accounts")["accounts"][1]
    yield visitor.post("/iserver/account", {"acctId": other})


def iserver_switch_account_again(visitor: Visitor) -> Iterator[Any]:
    selected = visitor.get("/iserver/accounts")["selectedAccount"]
    yield visitor.post("/iserver/account", {"acctId": selected})


def portfolio_accounts(visitor: Visitor) -> Iterator[Any]:
    yield visitor.get("/portfolio/accounts")


def portfolio_subaccounts(visitor: Visitor) -> Iterator[Any]:
    yield visitor.get("/portfolio/subaccounts")


def portfolio_subaccounts2(visitor: Visitor) -> Iterator[Any]:
    yield visitor.get("/portfolio/subaccounts2", page="0")


def portfolio_meta(visitor: Visitor) -> Iterator[Any]:
    visitor.prime()
    yield visitor.get(f"/portfolio/{visitor.account}/meta")


ASKED = {
    "sso_validate": Asking(sso_validate),
    "auth_status": Asking(auth_status),
    "auth_status_of_older_builds": Asking(auth_status, flavour=Flavour(established=False)),
    "auth_status_without_brokerage": Asking(auth_status_without_brokerage),
    "ssodh_init": Asking(ssodh_init),
    "ssodh_init_refused": Asking(ssodh_init_refused),
    "tickle": Asking(tickle),
    "tickle_without_brokerage": Asking(tickle_without_brokerage),
    "reauthenticate": Asking(reauthenticate),
    "logout": Asking(logout),
    "iserver_accounts": Asking(iserver_accounts),
    "iserver_accounts_of_several": Asking(iserver_accounts, accounts=3),
    "iserver_switch_account": Asking(iserver_switch_account, accounts=2),
    "iserver_switch_account_again": Asking(iserver_switch_account_again),
    "portfolio_accounts": Asking(portfolio_accounts),
    "portfolio_subaccounts": Asking(portfolio_subaccounts, accounts=2),
    "portfolio_subaccounts2": Asking(portfolio_subaccounts2, accounts=2),
    "portfolio_subaccounts2_bare": Asking(portfolio_subaccounts2, flavour=Flavour(bare_subaccounts2=True)),
    "portfolio_meta": Asking(portfolio_meta),
}
