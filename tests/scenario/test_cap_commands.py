"""What an officer types about CAP documents that wait at the running node, and what comes back."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from schemas.cap import CapAlert
from services.domain.cap import spelled
from tests.caller import Answer, Caller
from tests.cap_node import MOBILE, RAIN, ROLE, cap_at, hand_in, told, xml
from tests.desks import OFFICER, DiskCounty, DiskWorld, desks, founded

HUANJIANG, LIBO = "451226", "522722"
AS_OFFICER = ("--officer", OFFICER)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[DiskWorld]:
    """Two counties whose APIs are open; 荔波 exchanges CAP documents."""
    root = tmp_path / "two"
    root.mkdir()
    async with desks(await asyncio.to_thread(founded, root, (HUANJIANG, LIBO))) as opened:
        libo = opened.desks[LIBO]
        await libo.close_api()
        async with cap_at(libo, tmp_path / "cap"):
            await libo.open_api()
            yield opened


def now_of(world: DiskWorld, **changes: Any) -> CapAlert:  # noqa: ANN401 - any element of the info block
    """Return the weather office's document, sent now."""
    at = world.clock.now()
    times = {"effective": spelled(at), "expires": spelled(at + timedelta(hours=3))}
    return told(replace(RAIN, sent=spelled(at)), **(times | changes))


async def posted(desk: DiskCounty, document: CapAlert, **asked: str) -> Answer:
    """Hand a document in with the token of the commands."""
    token = (desk.home / "cli.token").read_text(encoding="utf-8").strip()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{desk.port}") as session:
        return await hand_in(Caller(session, token, desk.port), document, **asked)


async def test_a_held_document_is_listed_mended_sent_and_closed(world: DiskWorld, tmp_path: Path) -> None:
    """From the notice to the closing, with what the commands themselves print."""
    libo = world.desks[LIBO]
    document = now_of(world, description=f"联系 {MOBILE}")
    held = await posted(libo, document)
    assert held.body["outcome"] == "held", held.body

    notices: Any = await libo.done("notices")
    assert [one["kind"] for one in notices["notices"]] == ["cap_held"]
    listed = await libo.command("cap", "held")
    assert (listed.code, "guard.personal_number" in listed.out, MOBILE in listed.out) == (0, True, False)
    refused = await libo.command("cap", "held", "1")
    assert (refused.code, "access.no_officer" in refused.err) == (3, True)

    original = tmp_path / "original.xml"
    shown = await libo.command("cap", "held", "1", *AS_OFFICER, "--original", original)
    assert shown.code == 0, shown.err
    assert original.read_bytes() == xml(document)
    assert shown.err.startswith("content.description: ")
    draft = shown.json
    draft["content"] |= {"description": "联系值班室", "cap_lines": []}
    (tmp_path / "draft.json").write_text(json.dumps(draft), encoding="utf-8")
    sent: Any = await libo.done("send", tmp_path / "draft.json")

    closed = await libo.command("cap", "close", "1", *AS_OFFICER, "--event", sent["envelope_id"][:12])
    assert (closed.code, "已关闭" in closed.out) == (0, True), closed.err
    assert (await libo.command("cap", "held")).out.count("没有待办的文件") == 1
    every: Any = await libo.done("cap", "held", "--all")
    assert [(one["state"], one["settled_by"]) for one in every["documents"]] == [("closed", OFFICER)]
    assert (await libo.command("cap", "held", "9", *AS_OFFICER)).code == 2
    assert "已关闭" not in (await libo.command("notices")).out


async def test_answers_of_foreign_systems_are_shown_and_called_no_receipts(world: DiskWorld) -> None:
    """Whoever reads the table must not take an Ack for 签收."""
    libo = world.desks[LIBO]
    document = now_of(world)
    taken = await posted(libo, document, approved_by_role=ROLE)
    ack = CapAlert(
        identifier="A-1",
        sender="siren@dam.example",
        sent=spelled(world.clock.now()),
        status="Actual",
        msg_type="Ack",
        scope="Public",
        references=f"{document.sender},{document.identifier},{document.sent}",
    )
    assert (await posted(libo, ack)).body["answered"] == [taken.body["envelope_id"]]
    shown = await libo.command("cap", "answers", taken.body["envelope_id"][:12])
    assert shown.code == 0, shown.err
    assert "siren@dam.example" in shown.out
    assert "签收" not in shown.out
    rows: Any = await libo.done("cap", "answers", taken.body["envelope_id"])
    assert [one["stage"] for one in rows["answers"]] == ["acknowledged"]
