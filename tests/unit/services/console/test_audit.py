"""Audit: a file handed in is judged as `sihu verify` judges it, and the auditor sees every opening."""

import io
import json

import aiohttp
import pytest

from schemas.completeness import ForkEvidence
from schemas.errors import UnavailableError
from schemas.officers import Role
from services.console.pages.audit import Bench
from services.domain.documents import document_digest, spoken
from services.domain.evidence_verifying import Outcome
from services.domain.fork_files import write_fork
from services.domain.forks import signed_bytes
from tests import papers
from tests.console import Browser, Shown, visiting
from tests.mediating import mediating
from tests.papers import HUANJIANG, NANDAN
from tests.personal import TITLE, told_of_a_person
from tests.vectors import evidence_changed
from tests.vectors.evidence import ANCHOR, WHOLE
from tests.vectors.spelling import compact
from tests.world import World, full_papers

WORLD_ANCHOR = document_digest(papers.signed_registry())


@pytest.fixture
def world() -> World:
    return World()


async def verify(browser: Browser, data: bytes, anchor: str = "", paper: bytes = b"") -> Shown:
    """Hand a file in, as the form does."""
    form = aiohttp.FormData({"csrf": "the-token-of-this-session", "anchor": anchor})
    form.add_field("file", io.BytesIO(data), filename="evidence.json", content_type="application/json")
    form.add_field("paper1", io.BytesIO(paper), filename="paper.json" if paper else "")
    async with browser.session.post("/audit/verification", data=form, allow_redirects=False) as reply:
        return Shown(reply.status, reply.headers.copy(), await reply.text())


@pytest.mark.parametrize("anchor", [ANCHOR, spoken(ANCHOR), ANCHOR.upper()], ids=["hex", "as read out", "capitals"])
async def test_a_good_file_with_the_right_anchor_holds(world: World, anchor: str) -> None:
    """The same verdict, step by step, as the command gives on any machine."""
    async with visiting(world[HUANJIANG], Role.AUDITOR) as browser:
        shown = await verify(browser, compact(WHOLE), anchor)

    assert shown.status == 200
    assert shown.has("有效", "每一步都成立", "荔波县气象台发布暴雨红色预警", "9.3", "值班员甲 收到（本人密钥签名）")
    assert "不成立" not in shown.text


async def test_without_an_anchor_nothing_is_trusted(world: World) -> None:
    """A forged world is consistent, too: the page must not look like a proof."""
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        shown = await verify(browser, compact(WHOLE))

    assert shown.has("自洽但不可信", "还不能信", spoken(ANCHOR))
    assert "每一步都成立" not in shown.text


async def test_another_anchor_and_a_changed_file_are_refused_with_their_reasons(world: World) -> None:
    """Whoever has to explain it to somebody needs the step and what it means."""
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        other = await verify(browser, compact(WHOLE), "0" * 64)
        changed = await verify(browser, compact(WHOLE) + b"\n", ANCHOR)

    assert other.has("无效", "文件里的名册不是你给的那一份", "registry.not_pinned", "未查")
    assert changed.has("无效", "要一份原样的", "evidence.not_canonical")


@pytest.mark.parametrize("anchor", ["abc", "0" * 63, "x" * 64, "<b>" + "0" * 61])
async def test_a_digest_that_is_none_stands_in_the_form_again(world: World, anchor: str) -> None:
    """It must not pass for `no anchor`, and what was typed must not become markup."""
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        shown = await verify(browser, compact(WHOLE), anchor)

    assert shown.status == 422
    assert shown.has("没有查", "起点名册的摘要：摘要应是 64 位")
    assert "<b>0" not in shown.text


async def test_whatever_is_handed_in_ends_in_a_verdict_or_a_sentence(world: World) -> None:
    """An auditor is handed anything: empty files, pictures, half files. None may end the node."""
    county = world[HUANJIANG]
    async with visiting(county, Role.AUDITOR) as browser:
        nothing = await verify(browser, b"")
        picture = await verify(browser, bytes(range(256)) * 20)
        paper = await verify(browser, compact(WHOLE), ANCHOR, paper=b"{}")

    assert nothing.status == 422
    assert picture.has("无效")
    assert paper.status == 422
    assert paper.has("另带文件 1：这不是四互的签名文件")
    assert not county.crashes


async def test_no_more_files_are_judged_at_once_than_the_node_can_spare() -> None:
    """Ten auditors with ten large files must not take the processor from an alert; whoever waits is told so."""
    bench = Bench(most=0)
    with pytest.raises(UnavailableError):
        await bench.judge(compact(WHOLE), ANCHOR, [])
    bench.most = 1
    judged = await bench.judge(compact(WHOLE), ANCHOR, [])
    assert (judged.outcome, bench.busy) == (Outcome.HOLDS, 0)


async def test_later_papers_that_are_brought_along_count(world: World) -> None:
    """A key that was revoked since must not verify for whoever knows of it."""
    case = next(one for one in evidence_changed.good() if one.papers)
    async with visiting(world[HUANJIANG], Role.AUDITOR) as browser:
        shown = await verify(browser, case.data, case.anchor or "", json.dumps(case.papers[0]).encode())

    assert shown.has("所据：名册第", "此后的吊销不在其中")


async def test_a_fork_and_a_case_are_judged_too() -> None:
    """The command takes three kinds of files; so does the page."""
    one, other = papers.envelope(seq=2), papers.envelope(seq=2, time=papers.later(minutes=1))
    header = one.header
    pair = signed_bytes(one), signed_bytes(other)
    kept = ForkEvidence(header.source, header.channel, header.epoch, tuple(header.to), *pair, papers.NOW)
    fork = write_fork(kept, full_papers())
    assert isinstance(fork, bytes)
    async with mediating() as bench:
        case_id = await bench.register()
        answer = await bench.desks[NANDAN].get(f"/cases/{case_id}/evidence?why=review")
        body = answer.body if isinstance(answer.body, bytes) else str(answer.body).encode()
        async with visiting(bench.world[NANDAN], Role.AUDITOR) as browser:
            case = await verify(browser, body, WORLD_ANCHOR)
            forked = await verify(browser, fork, WORLD_ANCHOR)

    assert case.has("有效", case_id, "已登记", "✓ 成立")
    assert forked.has("有效", "两条互相矛盾", one.envelope_id, other.envelope_id)


async def test_the_auditor_sees_who_opened_what_and_nobody_else_does() -> None:
    """The log is for whoever does not do the work; and it says whether it is whole."""
    world, envelope_id = await told_of_a_person()
    async with visiting(world[HUANJIANG], Role.DUTY) as browser:
        await browser.post(f"/events/{envelope_id}/opening", {"why": "handling"})
        sheet = await browser.get(f"/events/{envelope_id}/paper")
        refused = await browser.get("/audit/openings")
        plain = await browser.get("/audit")
    async with visiting(world[HUANJIANG], Role.AUDITOR) as browser:
        linked = await browser.get("/audit")
        shown = await browser.get("/audit/openings")
    async with visiting(world[HUANJIANG], Role.ADMINISTRATOR) as browser:
        keeper = await browser.get("/audit")

    assert refused.status == 403
    assert "/audit/openings" not in plain.text
    assert linked.has("/audit/openings", "/audit/log")
    assert "/audit/log" in keeper.text
    assert "/audit/openings" not in keeper.text
    assert "/audit/log" not in plain.text
    assert shown.has("记录完整", "duty-a", "办理", envelope_id[:16])
    assert TITLE not in shown.text + sheet.text
    assert sheet.has("内容涉及个人信息，不上纸")
