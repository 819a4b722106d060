"""The peers that run on Node come from a lock with digests and without a host, like those of Python."""

import json
from typing import Any

from tests.architecture.tracked import ROOT

LOCK: dict[str, Any] = json.loads((ROOT / "tests/interop/package-lock.json").read_text(encoding="utf-8"))
PROJECT: dict[str, Any] = json.loads((ROOT / "tests/interop/package.json").read_text(encoding="utf-8"))
WANTED: dict[str, str] = PROJECT["dependencies"] | PROJECT["devDependencies"]
PACKAGES: dict[str, dict[str, Any]] = {name: one for name, one in LOCK["packages"].items() if name}


def test_every_package_carries_a_digest_and_no_host() -> None:
    """A package without a digest may be anything; a host sends an office behind a mirror where it cannot reach."""
    assert PACKAGES
    assert [name for name, one in PACKAGES.items() if not one.get("integrity", "").startswith("sha512-")] == []
    assert [name for name, one in PACKAGES.items() if "resolved" in one] == []


def test_what_is_wanted_is_pinned() -> None:
    """A range would bring another peer on another day."""
    assert {name: PACKAGES[f"node_modules/{name}"]["version"] for name in WANTED} == WANTED
