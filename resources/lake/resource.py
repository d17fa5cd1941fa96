"""The Dagster face of the lake: one profile's folder."""

from pathlib import Path

import dagster as dg
from pydantic import Field

from resources.lake.check_records import CheckRecords
from resources.lake.held_back import HeldBackStore
from resources.lake.layout import Layout
from resources.lake.parked import ParkedStore
from resources.lake.profile import claim
from resources.lake.raw import RawStore
from resources.lake.tables import TableStore


class Lake(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Raw replies, typed tables and rejected rows of one profile."""

    root: str = Field(description="The data root.")
    profile: str = Field(description="Name of the data set below the root.")

    @property
    def layout(self) -> Layout:
        return Layout(Path(self.root) / self.profile)

    @property
    def raw(self) -> RawStore:
        return RawStore(self.layout)

    @property
    def tables(self) -> TableStore:
        return TableStore(self.layout)

    @property
    def parked(self) -> ParkedStore:
        return ParkedStore(self.layout)

    @property
    def checks(self) -> CheckRecords:
        return CheckRecords(self.layout)

    @property
    def held_back(self) -> HeldBackStore:
        return HeldBackStore(self.layout)

    def claim(self, *, is_simulated: bool) -> None:
        """Refuse to mix simulated and real data."""
        claim(self.layout, is_simulated=is_simulated)
