"""The commands for people on the move, requests and plans, as officers type them at two desks."""

import asyncio
import hashlib
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from schemas.catalogue import TYPES
from schemas.control import CONTROL_PURPOSE
from services.rotation.rotation import Rotation
from tests import coursework, papers
from tests.commands import AGREEMENT, Counties, done, sihu
from tests.desks import OFFICER, DiskWorld, desks
from tests.plans import plan

HUANJIANG, LIBO = "451226", "522722"
COUNTS = "性别,人数\n女,3\n男,200\n"


def agreement_text() -> str:
    """Return an agreement that permits everything that this is about."""
    events = [one for one in TYPES if CONTROL_PURPOSE not in one.purposes]
    purposes = sorted({purpose for one in events for purpose in one.purposes})
    return f"""\
id = "{AGREEMENT}"
version = 1
title = "黔桂边界服务协作协议"
parties = ["{HUANJIANG}", "{LIBO}"]
coordinators = ["{HUANJIANG}"]
valid_from = 2025-01-01T00:00:00+08:00
valid_until = 2099-01-01T00:00:00+08:00
class_ceiling = "personal"
internal_in_clear = false
purposes = {json.dumps(purposes)}
retention_days = 365

[[grants]]
types = {json.dumps([one.wire_type for one in events])}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Counties:
    """Found two counties that have agreed on more than notices, once."""
    counties = Counties(tmp_path_factory.mktemp("people"), (HUANJIANG, LIBO))
    counties.found()
    counties.trust(counties.registry(threshold=2))
    text, draft = counties.root / "agreement.toml", counties.root / "agreement-1.json"
    text.write_text(agreement_text(), encoding="utf-8")
    done("agreement", "propose", "--file", text, "-o", draft, "--dir", counties.home(HUANJIANG))
    counties.adopt(counties.passed_round("agreement", draft, counties.codes))
    for code in counties.codes:
        done("officer", "add", OFFICER, "--name", "值班员甲", "--role", "duty", "--dir", counties.home(code))
    return counties


@pytest.fixture
async def world(home: Counties, tmp_path: Path) -> AsyncIterator[DiskWorld]:
    """Return the two, with this month's office keys, their APIs open."""
    shutil.copytree(home.root, tmp_path, dirs_exist_ok=True)
    async with desks(Counties(tmp_path, home.codes)) as opened:
        for desk in opened.desks.values():
            rotation = Rotation(
                store=desk.store,
                posting=desk.posting,
                keys=desk.encryption,  # type: ignore[arg-type]
                trust=desk.files.trust,
                clock=desk.clock,
            )
            await rotation.run_once()
        await opened.carry()
        yield opened


def written(folder: Path, name: str, content: dict[str, Any]) -> Path:
    """Write the content of an event into a file."""
    path = folder / name
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


def offer(world: DiskWorld) -> dict[str, Any]:
    """Return an offer whose consent was given yesterday."""
    given = (world.clock.now() - papers.later(days=1) + papers.NOW).isoformat(timespec="milliseconds")
    return coursework.offer(consent=coursework.consent(given_at=given, expires_at="2099-01-01T00:00:00.000+08:00"))


async def test_a_case_is_handled_at_two_desks(world: DiskWorld, tmp_path: Path) -> None:
    """Offered, taken, opened, done: the lists say where it stands and that both have erased it."""
    libo, huanjiang = world.desks[LIBO], world.desks[HUANJIANG]
    offered: Any = await libo.done("referral", "offer", written(tmp_path, "case.json", offer(world)))
    await world.carry()
    listed = await huanjiang.command("referral", "list")
    assert listed.code == 0, listed.err
    assert "待接办" in listed.out
    assert coursework.NAME not in listed.out
    number = offered["id"][:6]
    assert (await huanjiang.command("referral", "accept", number)).code == 0
    event: Any = await huanjiang.done("referral", "show", number)
    opened: Any = await huanjiang.done("show", event["offer_id"], "--why", "handling")
    assert opened["content"]["fields"]["name"] == coursework.NAME
    assert (await huanjiang.command("referral", "complete", number, "--outcome", "provided")).code == 0
    await world.carry()
    gone = await libo.command("referral", "list", "--all")
    assert "办结" in gone.out
    assert "对方已确认" in gone.out
    shown = await libo.command("referral", "show", number)
    assert "对接单办结" in shown.out
    again = await libo.command("referral", "withdraw", number)
    assert (again.code, "referral.ended" in again.err) == (2, True)
    unknown = await libo.command("referral", "show", "ffff")
    assert (unknown.code, len(unknown.err.splitlines())) == (2, 1)


async def test_a_request_is_handled_at_two_desks(world: DiskWorld, tmp_path: Path) -> None:
    """Begun from the list of items, taken, decided, delivered, closed."""
    libo, huanjiang = world.desks[LIBO], world.desks[HUANJIANG]
    items = await asyncio.to_thread(sihu, "service", "items")
    assert "household-certificate" in items.out
    content = coursework.request()
    for name in ("item_name", "mode", "promised_days"):
        del content[name]
    begun: Any = await libo.done("service", "begin", written(tmp_path, "request.json", content))
    number = begun["id"][:6]
    await world.carry()
    assert "本县" in (await huanjiang.command("service", "list")).out
    for desk, *words in (
        (huanjiang, "receive"),
        (huanjiang, "decide", "decision=granted", "reason=conditions_met"),
        (libo, "deliver", "way=desk"),
        (libo, "close", "outcome=completed"),
    ):
        outcome = await desk.command("service", "step", number, *words)
        assert outcome.code == 0, outcome.err
        await world.carry()
    shown = await huanjiang.command("service", "show", number)
    assert "已归档" in shown.out
    assert "开具户籍类证明" in shown.out
    late = await huanjiang.command("service", "step", number, "receive")
    assert (late.code, "service.closed" in late.err) == (2, True)


async def test_the_papers_of_a_request_are_files(world: DiskWorld, tmp_path: Path) -> None:
    """A file goes as an event of its own; the request names it by its digest and by a reference."""
    libo, huanjiang = world.desks[LIBO], world.desks[HUANJIANG]
    (tmp_path / "application.pdf").write_bytes(b"%PDF-1.7 an application")
    file: Any = await libo.done("send", "--attach", tmp_path / "application.pdf", "--purpose", "cross_province_service")
    digest = hashlib.sha256((tmp_path / "application.pdf").read_bytes()).hexdigest()
    request = coursework.request(materials=[{"kind": "application", "sha256": digest}])
    begun: Any = await libo.done(
        "service", "begin", written(tmp_path, "r.json", request), "--evidence", file["envelope_id"][:12]
    )
    await world.carry()
    shown: Any = await huanjiang.done("show", begun["envelope_id"])
    assert shown["header"]["refs"] == [{"rel": "evidence", "id": file["envelope_id"]}]
    paper: Any = await huanjiang.done("show", file["envelope_id"])
    assert paper["content"]["sha256"] == shown["content"]["materials"][0]["sha256"] == digest
    await huanjiang.done("service", "step", begun["id"], "receive")
    await world.carry()
    more = ("materials:=[]", "--evidence", file["envelope_id"])
    await huanjiang.done(
        "service", "step", begun["id"], "ask", 'wanted:=["photograph"]', "answer_by=2099-01-01T00:00:00+08:00"
    )
    await world.carry()
    step: Any = await libo.done("service", "step", begun["id"], "supplement", *more)
    added: Any = await libo.done("show", step["envelope_id"])
    assert added["header"]["refs"] == shown["header"]["refs"]


async def test_counts_become_a_report_at_a_desk(world: DiskWorld, tmp_path: Path) -> None:
    """Printed, written, sent; and a second one that would give the first away is not made."""
    libo, huanjiang = world.desks[LIBO], world.desks[HUANJIANG]
    counts, report = tmp_path / "counts.csv", tmp_path / "report.json"
    counts.write_text(COUNTS, encoding="utf-8")
    words = ("flow", "make", counts, "--period", "2026Q1", "--from", "荔波", "--in", "环江")
    made = await libo.command(*words, "-o", report, "--send")
    assert made.code == 0, made.err
    assert "隐去" in made.out
    assert "已受理" in made.out
    await world.carry()
    inbox: Any = await huanjiang.done("inbox")
    assert [one["wire_type"].split(".")[3] for one in inbox["events"]] == ["population_flow_reported"]
    shown = await huanjiang.command("show", inbox["events"][0]["envelope_id"])
    assert all(word in shown.out for word in ("流动人口", "来源地", "统计维度", "数据 状态", "suppressed 隐去")), (
        shown.out
    )
    counts.write_text("人数\n203\n", encoding="utf-8")
    refused = await libo.command(*words, "--previous", report)
    alone = await libo.command(*words)
    assert alone.code == 0, alone.err
    cells = json.loads(report.read_text("utf-8"))["content"]["cells"]
    total_is_out = any(set(cell["keys"].values()) == {None} for cell in cells)
    assert (refused.code == 0) == total_is_out, "the total beside one shown count gives the other away"
    counts.write_text(COUNTS, encoding="utf-8")
    book = openpyxl.Workbook()
    for row in (("性别", "人数"), ("女", 3), ("男", 200)):
        book.active.append(row)
    book.save(tmp_path / "counts.xlsx")
    read = await libo.done("flow", "make", tmp_path / "counts.xlsx", *words[3:])
    assert read == await libo.done(*words), "a workbook gives the report that a CSV file of the same counts gives"
    named = await libo.command(*words, "--sheet", "Sheet")
    assert (named.code, "flow.no_sheet" in named.err) == (2, True)
    counts.write_text(COUNTS.replace("性别", "民族"), encoding="utf-8")
    banned = await libo.command(*words)
    assert (banned.code, "guard.banned_name" in banned.err) == (2, True)
    counts.write_text(COUNTS, encoding="utf-8")
    period = await libo.command("flow", "make", counts, "--period", "今年", "--from", "荔波", "--in", "环江")
    assert (period.code, "flow.period" in period.err) == (2, True)


async def test_a_drill_is_recorded_from_its_answers(world: DiskWorld, tmp_path: Path) -> None:
    """A plan, an alert that travels as an exercise, an officer's signed answer, and the record of it."""
    libo, huanjiang = world.desks[LIBO], world.desks[HUANJIANG]
    published: Any = await libo.done("send", written(tmp_path, "plan.json", plan()), "--type", "plan_published")
    content = papers.alert_content(effective="2098-12-31T00:00:00+08:00", expires="2099-01-01T00:00:00+08:00")
    by = ("--status", "exercise", "--acknowledge-by", "2098-12-31T01:00:00+08:00")
    alert: Any = await libo.done("send", written(tmp_path, "alert.json", content), "--type", "alert_issued", *by)
    await world.carry()
    assert (await huanjiang.command("acknowledge", alert["envelope_id"], "--officer", OFFICER)).code == 0
    await world.carry()
    drilled = await libo.command("plan", "drill", published["envelope_id"], alert["envelope_id"], "--send")
    assert drilled.code == 0, drilled.err
    assert "按时" in drilled.out
    await world.carry()
    listed = await huanjiang.command("plan", "list")
    assert "樟江流域防汛联动预案" in listed.out
    assert "1/1 项完成" in listed.out
    real: Any = await libo.done("send", tmp_path / "plan.json", "--type", "plan_published")
    refused = await libo.command("plan", "drill", published["envelope_id"], real["envelope_id"])
    assert (refused.code, "drill.not_exercise" in refused.err) == (2, True)
