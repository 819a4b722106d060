"""The import contracts of pyproject.toml hold, and would go red if somebody broke one."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tracked import ROOT, name_of, python_files

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")
PACKAGES = ("schemas", "services", "adapters")


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of the tree in ``folder``, not of the installed one."""
    command = [str(LINT_IMPORTS), "--no-cache", "--config", str(folder / "pyproject.toml")]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_rooms_keep_their_contracts() -> None:
    """A line in the wrong room: an adapter that knows a service, a domain that reads the clock."""
    checked = lint_imports(ROOT)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("room", "line", "contract"),
    [
        ("schemas/base.py", "import services.domain", "Adapters and schemas never import services"),
        ("schemas/ids.py", "import adapters", "Schemas never import adapters"),
        ("services/posting.py", "import adapters", "Only bootstrap sees adapters"),
        ("services/domain/__init__.py", "import time", "The domain is pure"),
        ("services/domain/__init__.py", "import services.ports", "Rooms of services"),
        ("services/ports.py", "import nats", "I/O libraries stay in adapters"),
        ("services/surplus.py", "", "Rooms of services"),
    ],
)
def test_a_broken_contract_is_noticed(tmp_path: Path, room: str, line: str, contract: str) -> None:
    """A contract that names a room wrongly would be kept by everybody, for ever."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / room).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")

    checked = lint_imports(tmp_path)

    assert checked.returncode == 1, checked.stdout
    assert f"{contract} BROKEN" in checked.stdout


def test_schemas_need_nothing_but_pydantic() -> None:
    """A partner who reads the schemas in another program should need to install one library."""
    allowed = {"schemas", "pydantic", "pydantic_core", *sys.stdlib_module_names}
    imports = {
        f"{name_of(path)}: {name}"
        for path in python_files()
        if path.is_relative_to(ROOT / "schemas")
        for name in top_level_imports(path)
        if name not in allowed
    }
    assert imports == set()


def top_level_imports(path: Path) -> set[str]:
    """Return the first part of every module that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names
