"""The scans that the owner's TOML names, and when two of them cannot be told apart. Pure."""

from pydantic import BaseModel, Field, field_validator


class ScannerRun(BaseModel, extra="forbid"):
    """One scan to make."""

    name: str = Field(pattern=r"^\w[\w.-]*$")
    instrument: str = Field(min_length=1)
    location: str = Field(min_length=1)
    type: str = Field(min_length=1)
    filters: dict[str, bool | int | float | str] = {}


class Scanner(BaseModel, extra="forbid"):
    """Which scans to make."""

    runs: list[ScannerRun] = []

    @field_validator("runs")
    @classmethod
    def _are_told_apart(cls, runs: list[ScannerRun]) -> list[ScannerRun]:
        for place, run in enumerate(runs):
            for other in runs[:place]:
                if run.name == other.name:
                    raise ValueError(f"two scans are named {run.name!r}. Give each a name of its own")
                if run.model_copy(update={"name": other.name}) == other:
                    raise ValueError(f"{other.name!r} and {run.name!r} ask the same. Leave one out")
        return runs
