"""Evidence as officers make it: exported by the command at either end, judged without any county's directory."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands import sihu
from tests.desks import OFFICER, DiskWorld, desks, founded
from tests.scenario.test_desk_commands import HUANJIANG, LIBO, sent_alert


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[DiskWorld]:
    """Return two counties whose APIs are open."""
    async with desks(founded(tmp_path, (HUANJIANG, LIBO))) as opened:
        yield opened


async def test_an_answered_alert_is_proved_with_one_file(world: DiskWorld, tmp_path: Path) -> None:
    """By the source and by the receiver; the anchor is what the counties read out to each other."""
    envelope_id = await sent_alert(world, tmp_path)
    libo, huanjiang = world.desks[LIBO], world.desks[HUANJIANG]
    await huanjiang.done("acknowledge", envelope_id[:10], "--officer", OFFICER, "--answer", "handling")
    await world.carry()
    registry: Any = await libo.done("registry", "show")
    for desk, count in ((libo, 2), (huanjiang, 2)):
        file = tmp_path / f"{desk.code}.json"
        told: Any = await desk.done("evidence", envelope_id[:10], "-o", file)
        assert (told["anchor"], told["receipts"], told["left_out"]) == (registry["digest"], count, 0)
        judged = await asyncio.to_thread(sihu, "verify", file, "--anchor", registry["digest"])
        assert judged.code == 0, judged.out
        assert "值班员甲 处置（本人密钥签名）" in judged.out


async def test_the_file_goes_where_it_was_asked_for(world: DiskWorld, tmp_path: Path) -> None:
    """Standard output for a program, and not a byte more than the file."""
    envelope_id = await sent_alert(world, tmp_path)
    libo = world.desks[LIBO]
    file = tmp_path / "file.json"
    shown = await libo.command("evidence", envelope_id, "-o", file, "--without-content", "--links", "0")
    assert "已写入 written to" in shown.out
    assert "名册摘要另走电话" in shown.out
    piped = await libo.command("evidence", envelope_id, "-o", "-", "--without-content", "--links", "0")
    assert piped.out.encode() == file.read_bytes()
    unknown = await libo.command("evidence", "0" * 64)
    assert (unknown.code, "request.not_found" in unknown.err) == (2, True)
