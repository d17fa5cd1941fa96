import ast
import re
from pathlib import Path

import pytest

from resources import simulator

ROOT = Path(simulator.__path__[0])
MODULES = [path for path in sorted(ROOT.rglob("*.py")) if path.name != "__init__.py"]
NAMED = re.compile(r"`((?:\w+/)*\w+\.py|(?:\w+/)+)`")


def charter(module: Path) -> str:
    return ast.get_docstring(ast.parse(module.read_text())) or ""


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(ROOT)))
def test_a_charter_says_what_belongs_and_names_only_what_is_there(module: Path) -> None:
    said = charter(module)
    assert "Belongs here:" in said
    assert "Does not:" in said
    missing = [
        name for name in NAMED.findall(said) if not (module.parent / name).exists() and not (ROOT / name).exists()
    ]
    assert missing == [], "neither beside the module nor below the simulator's folder"
