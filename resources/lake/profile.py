"""A profile holds simulated or real data, never both: the first landing decides, for good."""

from datetime import UTC, datetime

import orjson

from resources.lake.layout import Layout
from resources.lake.publish import published


class WrongProfile(Exception):
    """The profile holds the other kind of data."""


def claim(layout: Layout, *, is_simulated: bool) -> None:
    """Mark a new profile, or refuse one that holds the other kind of data."""
    kind = "simulated" if is_simulated else "real"
    path = layout.profile_file
    if not path.exists():
        _mark(layout, kind)
        return
    held = orjson.loads(path.read_bytes())["data"]
    if held != kind:
        raise WrongProfile(
            f"Profile {layout.folder.name!r} holds {held} data, and this gateway's are {kind}. "
            "Nothing was landed. Set IBKR_PROFILE to another name."
        )


def own(layout: Layout) -> None:
    """Make the profile's folder, or take over one that is not marked yet, for its owner's eyes only."""
    layout.folder.mkdir(parents=True, exist_ok=True)
    if not layout.profile_file.exists():
        layout.folder.chmod(0o700)


def _mark(layout: Layout, kind: str) -> None:
    own(layout)
    with published(layout.profile_file) as beside:
        beside.write_bytes(orjson.dumps({"data": kind, "since": datetime.now(UTC).isoformat(timespec="seconds")}))
