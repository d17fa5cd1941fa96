import io
import logging

from rich.console import Console

from assets.kit.progress import LISTENERS, Progress
from pipelines.progress_bar import progress_shown


def _tell(done: int, left: int, *, dataset: str = "bars_1d", is_over: bool = False) -> None:
    told = Progress(dataset, done, left, asked=done, elapsed=done * 0.2, eta=left * 0.2, waited=1.0, is_over=is_over)
    LISTENERS.info("%s", told, extra={"progress": told})


def _shown(*, is_terminal: bool, is_wanted: bool = True) -> str:
    text = io.StringIO()
    console = Console(file=text, width=120, force_terminal=is_terminal)
    with progress_shown(console, is_wanted=is_wanted):
        for done in range(201):
            _tell(done, 200 - done)
            if done == 100:
                console.print("a long wait is told")
        _tell(200, 0, is_over=True)
    _tell(1, 1)
    return text.getvalue()


def test_where_nobody_watches_it_is_a_plain_line_for_each_tenth() -> None:
    told = _shown(is_terminal=False)
    lines = [line for line in told.splitlines() if "bars_1d" in line]
    assert lines[0] == "  bars_1d: 0 done (0%), 200 left, about 40 s; 0 asked, 1 s waited"
    assert lines[1] == "  bars_1d: 20 done (10%), 180 left, about 36 s; 20 asked, 1 s waited"
    assert lines[-1] == "  bars_1d: 200 done (100%), over; 200 asked, 1 s waited"
    assert len(lines) == 12
    assert "\x1b" not in told, "no colours, no cursor"


def test_on_a_terminal_it_is_a_bar_that_other_lines_go_above_of() -> None:
    told = _shown(is_terminal=True)
    assert "100/200" in told
    assert "about 20 s left, 1 s waited" in told
    assert "a long wait is told" in told
    assert "200/200" in told[told.rindex("bars_1d") :]
    assert told.count("\x1b[?25l") == told.count("\x1b[?25h") == 1, "the cursor comes back"


def test_two_landings_in_one_run_have_a_bar_each() -> None:
    text = io.StringIO()
    with progress_shown(Console(file=text, width=120, force_terminal=True)):
        for dataset in ("bars_1d", "bars_1h"):
            _tell(0, 2, dataset=dataset)
            _tell(2, 0, dataset=dataset, is_over=True)
    assert {"bars_1d", "bars_1h"} <= set(text.getvalue().split())


def test_what_nobody_wants_to_see_is_not_shown_and_not_even_put_into_words() -> None:
    assert _shown(is_terminal=False, is_wanted=False) == "a long wait is told\n"
    assert not LISTENERS.isEnabledFor(logging.INFO)
