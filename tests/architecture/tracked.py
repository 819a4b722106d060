"""The files that git tracks: what the tests of this directory look at."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def tracked() -> tuple[Path, ...]:
    """Return every tracked file that exists in the work tree, as an absolute path; staged ones included."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def python_files() -> tuple[Path, ...]:
    """Return every tracked Python file."""
    return tuple(path for path in tracked() if path.suffix == ".py")


def name_of(path: Path) -> str:
    """Return the path as a person would type it at the top of the tree."""
    return str(path.relative_to(ROOT))
