"""Where alerts go: the addresses of the owner's TOML, spoken to by the apprise library.

Belongs here: whether an address is one, and the sending. Does not: what is said (`alerts.py`), where
the addresses stand (`settings.py`).

Any part of an address may be a secret: a password, a token in its path, a phone number. Apprise's private
form of it still shows the headers and the path of a webhook, so nothing of an address is repeated here: a
target is told by its place in the list and the name of its service. Apprise is imported by the one
function that needs it: it costs a quarter of a second, and who has no targets does not pay for it.
"""

import logging
import re
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_plus

from pipelines.alerts import Alert

if TYPE_CHECKING:
    from apprise import AppriseResult, NotifyBase

PATIENCE_SECONDS = 30.0
NOT_ONE = "not an address that alerts can be sent to. Write one as apprise has it, e.g. mailto://, ntfy://, json://"


def is_target(address: str) -> bool:
    """Whether alerts can be sent to an address by its form; nothing is sent."""
    return _service(address) is not None


def send(alert: Alert, targets: Sequence[str]) -> list[str]:
    """Send to every target; a line for each that did not work. Never raises for a bad one."""
    told = ((place, _send_one(alert, target)) for place, target in enumerate(targets, start=1))
    return [f"alert target {place}, {trouble}" for place, trouble in told if trouble]


def _send_one(alert: Alert, target: str) -> str:
    """What went wrong, beginning with the name of the service; empty when the alert was taken."""
    service = _service(target)
    if service is None:
        return f"unknown service: {NOT_ONE}."
    from apprise import Apprise, NotifyFormat, NotifyType

    result = Apprise(service).notify(
        title=alert.title, body=alert.body, notify_type=NotifyType.WARNING, body_format=NotifyFormat.TEXT
    )
    return "" if result else f"{service.service_name}: {_veiled(_reason(result), target)}"


def _service(address: str) -> "NotifyBase | None":
    from apprise import Apprise, AppriseAsset

    logging.getLogger("apprise").propagate = False  # it logs parts of addresses; what matters is in the result
    asset = AppriseAsset(
        app_id="IBKR warehouse", app_desc="Alerts of the IBKR warehouse", service_timeout=PATIENCE_SECONDS
    )
    with warnings.catch_warnings():  # on Python 3.11 and 3.12 its services load a module that is going away
        warnings.simplefilter("ignore", DeprecationWarning)
        return Apprise.instantiate(address, asset=asset)


def _reason(result: "AppriseResult") -> str:
    said = [entry.message for entry in result.logs()]
    return " ".join(said[-1].split()) if said else "it was not taken, and no reason was given."


def _veiled(text: str, target: str) -> str:
    """The text without any part of the address, as it was written or decoded."""
    written = [part for part in re.split(r"[:/@?&=,+\s]+", target.partition("://")[2]) if part]
    parts = {form for part in written for form in (part, unquote_plus(part), quote(unquote_plus(part), safe=""))}
    for part in sorted(parts, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "…", text, flags=re.IGNORECASE)
    return text
