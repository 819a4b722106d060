"""Campaigns, offers, projects and the ledger by the commands of two desks, over APIs on loopback."""

import io
import json
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader

from schemas.base import BEIJING, format_time
from schemas.catalogue import TYPES
from schemas.control import CONTROL_PURPOSE
from tests import joint
from tests.commands import AGREEMENT, Counties, agreement_text, done
from tests.desks import DiskWorld, desks, send_unattended
from tests.papers import HUANJIANG, LIBO


def everything(parties: tuple[str, ...]) -> str:
    """An agreement that grants every type for every purpose."""
    models = [model for model in TYPES if CONTROL_PURPOSE not in model.purposes]
    purposes = sorted({purpose for model in models for purpose in model.purposes})
    text = agreement_text(parties).partition("[[grants]]")[0]
    head = "\n".join(line for line in text.splitlines() if not line.startswith("purposes"))
    types = json.dumps([model.wire_type for model in models])
    return f"{head}\npurposes = {json.dumps(purposes)}\n\n[[grants]]\ntypes = {types}\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Counties:
    """Found two counties under an agreement for everything, once."""
    counties = Counties(tmp_path_factory.mktemp("two"), (HUANJIANG, LIBO))
    counties.found()
    for code in counties.codes:
        send_unattended(counties.home(code))
    counties.trust(counties.registry(threshold=2))
    draft = counties.root / "everything.toml"
    draft.write_text(everything(counties.codes), encoding="utf-8")
    proposed = counties.root / "everything.json"
    done("agreement", "propose", "--file", draft, "-o", proposed, "--dir", counties.home(HUANJIANG))
    counties.adopt(counties.passed_round("agreement", proposed, counties.codes))
    return counties


@pytest.fixture
async def world(home: Counties, tmp_path: Path) -> AsyncIterator[DiskWorld]:
    """Return two counties whose APIs are open, for a test to do with as it likes."""
    shutil.copytree(home.root, tmp_path, dirs_exist_ok=True)
    async with desks(Counties(tmp_path, home.codes)) as opened:
        yield opened


async def sent(world: DiskWorld, county: str, folder: Path, wire_type: str, content: dict[str, Any]) -> None:
    """Send content from a file, as an officer does, and carry it."""
    file = folder / "content.json"
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    await world.desks[county].done("send", file, "--type", wire_type)
    await world.carry()


def next_year(world: DiskWorld) -> dict[str, Any]:
    """Times of a campaign that no clock of a test machine has passed."""
    starts = world.clock.now().replace(microsecond=0) + timedelta(days=60)
    return {"starts": format_time(starts), "ends": format_time(starts + timedelta(hours=8))}


async def test_a_campaign_is_planned_answered_and_put_into_a_calendar(world: DiskWorld, tmp_path: Path) -> None:
    """At both desks: list, show, calendar; as tables and as JSON."""
    partner = [one for one in joint.campaign()["partners"] if one["county"] == LIBO]
    plan = joint.campaign(partners=partner, **next_year(world))
    await sent(world, HUANJIANG, tmp_path, "campaign_announced", plan)
    await sent(world, LIBO, tmp_path, "campaign_answered", joint.answer("accepted"))

    listed: Any = await world.desks[LIBO].done("campaigns", "list", "--state", "open")
    assert [one["key"] for one in listed["threads"]] == [joint.UID]
    table = await world.desks[HUANJIANG].command("campaigns", "show", joint.UID)
    assert table.code == 0, table.err
    for part in ("毛南族分龙节联办", "节庆", "荔波 522722", "应邀", "参加", "联合活动答复"):
        assert part in table.out
    file = tmp_path / "sihu.ics"
    written: Any = await world.desks[HUANJIANG].done("campaigns", "calendar", file)
    assert written == {"file": str(file), "bytes": file.stat().st_size}
    assert f"UID:{joint.UID}".encode() in file.read_bytes()


async def test_an_offer_and_a_project_are_followed(world: DiskWorld, tmp_path: Path) -> None:
    """What was agreed, who takes part, where the milestones stand; and what is not here is said so."""
    valid = format_time(world.clock.now() + timedelta(days=90))
    await sent(world, HUANJIANG, tmp_path, "resource_offered", joint.offer(valid_until=valid))
    await sent(world, LIBO, tmp_path, "resource_answered", joint.turn(1, "counter", terms="月底前装车"))
    await sent(world, HUANJIANG, tmp_path, "resource_answered", joint.turn(2, "accept"))
    table = await world.desks[LIBO].command("offers", "show", joint.OFFER)
    for part in ("沙糖桔一百吨", "达成", "月底前装车", "40", "供给答复"):
        assert part in table.out, table.out
    parties = [one for one in joint.project()["parties"] if one["county"] == LIBO]
    await sent(world, HUANJIANG, tmp_path, "project_proposed", joint.project(parties=parties))
    await sent(world, LIBO, tmp_path, "project_joined", joint.joined())
    await sent(world, LIBO, tmp_path, "project_progressed", joint.progress(1, (2, "done")))
    table = await world.desks[HUANJIANG].command("projects", "show", joint.PROJECT)
    for part in ("界河便桥", "北岸引道", "完成", "未开始", "合作项目进展"):
        assert part in table.out, table.out
    for name, key in (("offers", "451226-none"), ("projects", "../events")):
        outcome = await world.desks[LIBO].command(name, "show", key)
        assert outcome.code == 2
        assert "list" in outcome.err


async def test_the_ledger_is_written_printed_and_sent_as_a_brief(world: DiskWorld, tmp_path: Path) -> None:
    """One set of figures at the terminal, in the workbook, on paper and in the brief that goes out."""
    partner = [one for one in joint.campaign()["partners"] if one["county"] == LIBO]
    await sent(world, HUANJIANG, tmp_path, "campaign_announced", joint.campaign(partners=partner, **next_year(world)))
    await sent(world, LIBO, tmp_path, "campaign_answered", joint.answer("accepted"))
    today = world.clock.now().astimezone(BEIJING).date()
    span = ("--from", str(today - timedelta(days=1)), "--to", str(today))
    desk = world.desks[HUANJIANG]
    shown: Any = await desk.done("ledger", *span)
    assert (shown["sent"], shown["received"]) == (1, 1)
    table = await desk.command("ledger", *span)
    for part in ("跨省协作台账", "联合活动", "荔波 522722", "互访与联合活动", "最近秩"):
        assert part in table.out, table.out
    book, paper, brief = (tmp_path / name for name in ("q.xlsx", "q.pdf", "q.json"))
    made: Any = await desk.done("ledger", *span, "--xlsx", book, "--pdf", paper, "--brief", brief)
    assert made["files"] == [str(book), str(paper), str(brief)]
    overview = dict(openpyxl.load_workbook(io.BytesIO(book.read_bytes()))["概况"].iter_rows(values_only=True))
    assert (overview["发出消息"], overview["收到消息"]) == (1, 1)
    assert "跨省协作台账" in "".join(one.extract_text() for one in PdfReader(paper).pages)
    posted = await desk.command("send", brief, "--agreement", AGREEMENT)
    assert posted.code == 0, posted.err
    refused = await desk.command("ledger", "--from", str(today), "--to", "gestern")
    assert (refused.code, "request.day" in refused.err) == (2, True)
