"""Wire shapes of notices and their settings: names of one or two letters.

Belongs here: pure functions to JSON values. Does not: which notices there are (`notices.py`).

R read, D seconds since 1970 as text, MS title, MD text, ID number, HT whether the text is HTML, FC topic; H disclaimer
read, A switched on, FD and FN what a topic is about; V done, T milliseconds it took; M mail, E devices.
"""

from collections.abc import Iterable

from resources.simulator.notices import TOPICS, Mailbox, Notice

DISCLAIMER = "This communication is for information only and is no recommendation to buy, sell or hold anything."
TOOK = 10


def unread(count: int) -> dict[str, object]:
    """How many wait."""
    return {"BN": count}


def settings(mailbox: Mailbox) -> list[dict[str, object]]:
    """Every topic."""
    return [
        {
            "FC": topic.code,
            "H": int(topic.code in mailbox.disclaimed),
            "A": int(topic.code not in mailbox.muted),
            "FD": topic.about,
            "FN": topic.name,
        }
        for topic in TOPICS
    ]


def listed(found: Iterable[Notice], mailbox: Mailbox) -> list[dict[str, object]]:
    """Notices one by one."""
    return [
        {
            "R": int(notice.number in mailbox.read),
            "D": f"{notice.at.timestamp():.1f}",
            "MS": notice.title,
            "MD": notice.text,
            "ID": notice.number,
            "HT": 0,
            "FC": notice.code,
        }
        for notice in found
    ]


def disclaimer(code: str) -> dict[str, object]:
    """The small print of a topic, whether there is such a topic or not."""
    return {"FC": code, "DT": DISCLAIMER}


def delivery(mailbox: Mailbox) -> dict[str, object]:
    """How an owner is told."""
    return {"E": list(mailbox.devices.values()), "M": int(mailbox.by_email)}


def device(number: str, name: str, shown: str, *, enabled: bool) -> dict[str, object]:
    """One device."""
    return {"NM": name, "I": number, "UI": shown, "A": int(enabled)}


def done() -> dict[str, object]:
    """A change was made."""
    return {"V": 1, "T": TOOK}


def marked(number: str) -> dict[str, object]:
    """A notice was read."""
    return {**done(), "P": {"R": 1, "ID": number}}
