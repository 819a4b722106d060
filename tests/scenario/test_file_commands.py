"""The commands of the desk for files: one is attached, shown, and saved again."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.desks import DiskWorld, desks, founded

HUANJIANG, LIBO = "451226", "522722"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[DiskWorld]:
    """Return two counties whose APIs are open."""
    async with desks(founded(tmp_path, (HUANJIANG, LIBO))) as opened:
        yield opened


async def test_a_file_is_attached_shown_and_saved(world: DiskWorld, tmp_path: Path) -> None:
    """From one folder to another: nothing is overwritten, and what does not belong is refused by name."""
    libo = world.desks[LIBO]
    plan = tmp_path / "plan.pdf"
    plan.write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 1000)
    sent: Any = await libo.done("send", "--attach", plan, "note=汛期联合值守方案")
    shown: Any = await libo.done("show", sent["envelope_id"])
    assert (shown["content"]["name"], shown["content"]["note"]) == ("plan.pdf", "汛期联合值守方案")
    assert shown["file"]["state"] == "whole"
    (tmp_path / "saved").mkdir()
    saved: Any = await libo.done("save", sent["envelope_id"][:10], tmp_path / "saved")
    assert saved["file"] == str(tmp_path / "saved" / "plan.pdf")
    assert (tmp_path / "saved" / "plan.pdf").read_bytes() == plan.read_bytes()
    again = await libo.command("save", sent["envelope_id"], tmp_path / "saved")
    assert (again.code, "not overwritten" in again.err) == (2, True)
    program = tmp_path / "run.exe"
    program.write_bytes(b"MZ")
    refused = await libo.command("send", "--attach", program)
    assert (refused.code, "is not carried" in refused.err) == (2, True)
