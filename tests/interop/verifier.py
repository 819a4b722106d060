"""Ask the second verifier: one Node process for many questions."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

PROGRAM: Final = Path(__file__).parent / "verify.mjs"
VECTORS: Final = Path(__file__).parents[1] / "vectors"


def node() -> str:
    """Return the Node program; a test without it is skipped, which CI counts as a failure."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("no `node` on this machine: install Debian's nodejs")
    return found


def vectors(name: str) -> Any:  # noqa: ANN401 - whatever the file holds
    """Read a file of vectors."""
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def ask(questions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the answers, in order; the papers of the vectors are told first."""
    documents = vectors("documents.json")
    papers = {kind: documents[plural][0]["document"] for kind, plural in _PAPERS.items()}
    lines = [json.dumps(one) for one in ({"ask": "trust"} | papers, *questions)]
    done = subprocess.run(
        [node(), str(PROGRAM), "--batch"],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=3000,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()][1:]


_PAPERS: Final = {"registry": "registries", "agreement": "agreements"}
