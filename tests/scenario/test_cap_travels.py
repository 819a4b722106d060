"""A foreign CAP document is imported at one desk, sent, and written again at a neighbour's from the event alone."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.cap.reader import CapFile, read_cap
from adapters.cap.writer import canonical, write_cap
from tests.cap import WHOLE
from tests.commands import sihu
from tests.desks import DiskWorld, desks, founded

HUANJIANG, LIBO = "451226", "522722"
US: Final = ("--office", "52272241600000", "--contact", "荔波县值班室", "--phone", "0854-3612345")
DOCUMENT: Final = replace(
    WHOLE,
    status="Actual",
    msg_type="Alert",
    scope="Public",
    restriction=None,
    references=None,
    infos=tuple(
        replace(info, effective="2098-06-01T00:00:00+08:00", onset=None, expires="2098-12-31T08:00:00-05:00")
        for info in WHOLE.infos
    ),
)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[DiskWorld]:
    """Two counties whose APIs are open."""
    root = tmp_path / "two"
    root.mkdir()
    async with desks(await asyncio.to_thread(founded, root, (HUANJIANG, LIBO))) as opened:
        yield opened


async def test_a_document_is_lost_between_two_counties(world: DiskWorld, tmp_path: Path) -> None:
    """Every element of CAP goes over the wire in a signed event, and comes out as the document that came in."""
    data = write_cap(DOCUMENT)
    assert isinstance(data, bytes)
    (tmp_path / "in.xml").write_bytes(data)
    libo, huanjiang = world.desks[LIBO], world.desks[HUANJIANG]

    draft = await asyncio.to_thread(sihu, "cap", "import", tmp_path / "in.xml", *US)
    assert draft.code == 0, draft.err
    (tmp_path / "draft.json").write_text(draft.out, encoding="utf-8")
    sent: Any = await libo.done("send", tmp_path / "draft.json")
    await world.carry()

    received = tmp_path / "received.xml"
    outcome = await huanjiang.command("cap", "export", sent["envelope_id"], "--as-received", "-o", received)
    assert outcome.code == 0, outcome.err
    assert canonical(received.read_bytes()) == canonical(data)

    ours = await huanjiang.command("cap", "export", sent["envelope_id"][:8])
    found = read_cap(ours.out.encode())
    assert isinstance(found, CapFile)
    assert found.document.sender == "urn:sihu:office:52272241600000"
    assert found.document.infos[0].headline == "暴雨红色预警"
    assert (await huanjiang.command("cap", "export", "0" * 64)).code == 2
