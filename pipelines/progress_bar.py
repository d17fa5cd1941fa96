"""The progress of a long landing on a terminal: a bar; where nobody watches (a file, a pipe, a log), plain lines.

Belongs here: drawing. Does not: counting (`assets/kit/progress.py`). The landing runs in this process, so it is
listened to, and nothing of it is written down. The bar is on the console that all else is printed on, since it has to
move out of the way of other lines.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from assets.kit.progress import LISTENERS, Progress
from assets.kit.quote import in_time

PARTS = 10
"""How many plain lines there are of a landing, beside its first and its last."""


class _Lines(logging.Handler):
    """A line for each tenth."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._told: dict[str, int] = {}

    def emit(self, record: logging.LogRecord) -> None:
        progress: Progress = record.__dict__["progress"]
        part = int(progress.share * PARTS) + progress.is_over
        if part > self._told.get(progress.dataset, -1):
            self._told[progress.dataset] = part
            self._console.print(f"  {progress.dataset}: {progress}", highlight=False, soft_wrap=True)


class _Bars(logging.Handler):
    """A bar for each landing, as long as it lasts."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        told = TextColumn("[dim]{task.fields[told]}[/dim]")
        columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), told)
        self._bar = Bar(*columns, console=console)
        self._tasks: dict[str, TaskID] = {}

    def emit(self, record: logging.LogRecord) -> None:
        progress: Progress = record.__dict__["progress"]
        if progress.dataset not in self._tasks:
            self._bar.start()
            self._tasks[progress.dataset] = self._bar.add_task(progress.dataset, told="")
        left = "" if progress.is_over else f"about {in_time(progress.eta)} left, "
        self._bar.update(
            self._tasks[progress.dataset],
            completed=progress.done,
            total=progress.done + progress.left,
            told=f"{left}{in_time(progress.waited)} waited",
            refresh=True,
        )
        if progress.is_over:
            self.close()

    def close(self) -> None:
        """Leave the bars as they stand."""
        self._bar.stop()
        self._tasks.clear()
        super().close()


@contextmanager
def progress_shown(console: Console, *, is_wanted: bool = True) -> Iterator[None]:
    """Show what landings tell of their progress while the block runs."""
    if not is_wanted:
        yield
        return
    handler = _Bars(console) if console.is_terminal else _Lines(console)
    LISTENERS.addHandler(handler)
    LISTENERS.setLevel(logging.INFO)
    try:
        yield
    finally:
        LISTENERS.removeHandler(handler)
        LISTENERS.setLevel(logging.NOTSET)
        handler.close()
