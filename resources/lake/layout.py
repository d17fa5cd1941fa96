"""Where everything lies below the data root. Pure: names, no input or output.

`<root>/<profile>/raw|tables|rejected|warehouse/...`, as data/README.md draws it. Other programs read
these paths: they are part of the public surface.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

CLOSED = ".jsonl.gz"
OPEN = ".open.jsonl.gz"


@dataclass(frozen=True, slots=True)
class Layout:
    """The folder of one profile."""

    folder: Path

    @property
    def profile_file(self) -> Path:
        return self.folder / "profile.json"

    @property
    def warehouse_file(self) -> Path:
        return self.folder / "warehouse" / "ibkr.duckdb"

    @property
    def parked_folder(self) -> Path:
        return self.folder / "parked"

    @property
    def checks_folder(self) -> Path:
        return self.folder / "checks"

    @property
    def held_folder(self) -> Path:
        return self.folder / "held_back"

    @property
    def decisions_folder(self) -> Path:
        return self.folder / "decisions"

    def raw_folder(self, dataset: str, partition: str | None = None) -> Path:
        """Folder of a dataset's replies, or of one partition of them."""
        folder = self.folder / "raw" / dataset
        return folder if partition is None else folder / partition

    def landing_file(self, dataset: str, partition: str, *, at: datetime, run_id: str, number: int = 1) -> Path:
        """The file that one landing writes while it is open; names sort by time, then `number`."""
        name = f"{at:%Y%m%dT%H%M%SZ}-{number:02d}-{run_id[:8] or 'norun'}"
        return self.raw_folder(dataset, partition) / (name + OPEN)

    def table_folder(self, dataset: str) -> Path:
        """Folder of a table's partitions."""
        return self.folder / "tables" / dataset

    def table_file(self, dataset: str, key: str, value: str) -> Path:
        """The one file of a table's partition."""
        return self.table_folder(dataset) / f"{key}={value}" / "part-0.parquet"

    def rejected_folder(self, dataset: str) -> Path:
        """Folder of a table's rejected rows."""
        return self.folder / "rejected" / dataset

    def rejected_file(self, dataset: str, key: str, value: str) -> Path:
        """The one file of a partition's rejected rows."""
        return self.rejected_folder(dataset) / f"{key}={value}" / "part-0.parquet"

    def held_file(self, dataset: str, key: str, value: str) -> Path:
        """The one file of a partition that waits for a decision."""
        return self.held_folder / dataset / f"{key}={value}" / "part-0.parquet"


def closed_name(path: Path) -> str:
    """The name under which an open landing closes."""
    return path.name.removesuffix(OPEN) + CLOSED
