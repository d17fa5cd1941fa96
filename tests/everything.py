"""`make test`: every check that a change must pass, each with its time, the first failure ends it."""

import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
PYTEST: list[Path | str] = [BIN / "python", "-m", "pytest", "-q"]
WORKERS = "5"  # whole runs wait for their turn under the gateway's pacing: others work meanwhile
STEPS: dict[str, list[Path | str]] = {
    "formatter": [BIN / "ruff", "format", "--check", "--quiet", "."],
    "linter": [BIN / "ruff", "check", "--quiet", "."],
    "import rules": [BIN / "lint-imports", "--no-cache"],
    "types": [BIN / "mypy"],
    "tests": [*PYTEST, "-n", WORKERS, "--durations=15"],
}


def main() -> int:
    console = Console(highlight=False)
    for name, command in STEPS.items():
        console.rule(f"[bold]{name}[/bold]", align="left")
        started = time.monotonic()
        finished = subprocess.run([str(part) for part in command], cwd=ROOT, check=False)
        if finished.returncode:
            console.print(f"[red]✗ {name} failed[/red] after {time.monotonic() - started:.1f} s")
            return finished.returncode
        console.print(f"[green]✓[/green] {name} {time.monotonic() - started:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
