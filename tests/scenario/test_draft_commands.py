"""Drafts by the commands of one county: two officers, each with a token of their own, over the API on loopback."""

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests import papers
from tests.commands import Counties, Outcome, done
from tests.desks import OFFICER, DiskCounty, DiskWorld, desks, founded
from tests.papers import HUANJIANG, LIBO

SECOND = "reviewer-a"
_SCOPES = ("--scope", "events:read", "--scope", "events:write")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Counties:
    """Found two counties, certify a second officer in 荔波, and give both of them tokens for drafts."""
    counties = founded(tmp_path_factory.mktemp("two"), (HUANJIANG, LIBO))
    place = counties.home(LIBO)
    done("officer", "add", SECOND, "--name", "审核员甲", "--role", "reviewer", "--dir", place)
    for officer in (OFFICER, SECOND):
        issued = done("token", "issue", f"draft-{officer}", "--officer", officer, *_SCOPES, "--dir", place)
        (place / f"{officer}.draft").write_text(issued["token"] + "\n", encoding="utf-8")
    return counties


@pytest.fixture
async def world(home: Counties, tmp_path: Path) -> AsyncIterator[DiskWorld]:
    """Return two counties whose APIs are open, for a test to do with as it likes."""
    shutil.copytree(home.root, tmp_path, dirs_exist_ok=True)
    async with desks(Counties(tmp_path, home.codes)) as opened:
        yield opened


@pytest.fixture
def libo(world: DiskWorld) -> DiskCounty:
    return world.desks[LIBO]


@pytest.fixture
def alert(tmp_path: Path) -> Path:
    """Return a file with the content of a red alert."""
    content = papers.alert_content(expires="2099-01-01T00:00:00+08:00", effective="2098-12-31T00:00:00+08:00")
    path = tmp_path / "alert.json"
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


async def by(county: DiskCounty, officer: str, *words: str | Path) -> Any:  # noqa: ANN401 - any JSON value
    """Run ``sihu draft`` as an officer; it must succeed."""
    return await county.done("draft", *words, "--token-file", county.home / f"{officer}.draft")


async def said(county: DiskCounty, officer: str, *words: str | Path) -> Outcome:
    """Run ``sihu draft`` as an officer for people."""
    return await county.command("draft", *words, "--token-file", county.home / f"{officer}.draft")


async def test_two_officers_release_an_alert(world: DiskWorld, libo: DiskCounty, alert: Path) -> None:
    """Made from a file, handed in, read, approved by its digest, sent; and 环江 has it with both names."""
    made = await by(libo, OFFICER, "make", alert, "headline=漳江上游暴雨红色预警", "--type", "alert_issued")
    number, digest = made["draft"]["id"], made["digest"]
    assert made["needs_second"]
    early = await said(libo, OFFICER, "send", number)
    handed = await by(libo, OFFICER, "hand-in", number[:8])
    listed = await said(libo, SECOND, "list", "--state", "in_review")
    shown = await said(libo, SECOND, "show", number[:8])
    own = await said(libo, OFFICER, "approve", number, "--digest", digest)
    stale = await said(libo, SECOND, "approve", number, "--digest", "0" * 64)
    short = await said(libo, SECOND, "approve", number, "--digest", digest[:8])
    approved = await by(libo, SECOND, "approve", number, "--digest", digest)
    sent = await by(libo, OFFICER, "send", number)
    gone = await said(libo, SECOND, "show", number)
    await world.carry()
    event: Any = await world.desks[HUANJIANG].done("show", sent["envelope_id"])

    assert early.code == 2
    assert "second officer" in early.err
    assert handed["draft"]["state"] == "in_review"
    for part in ("待审", "预警发布", "值班员甲", number[:8], "漳江上游暴雨红色预警"):
        assert part in listed.out, listed.out
    for part in ("须两人", "approve 审核通过", "return 退回", digest, "漳江上游暴雨红色预警", '"type": "cn.sihu.'):
        assert part in shown.out, shown.out
    assert [one.code for one in (own, stale, short)] == [2, 2, 2]
    assert "release.same_officer" in own.err
    assert "release.changed" in stale.err
    assert "digest" in short.err
    assert (approved["draft"]["state"], approved["draft"]["reviewer"]) == ("approved", "审核员甲")
    for part in ("已发", sent["envelope_id"], "正文已不保留"):
        assert part in gone.out, gone.out
    assert [one["name"] for one in event["releases"][0]["officers"]] == ["值班员甲", "审核员甲"]


async def test_a_draft_is_returned_changed_and_withdrawn(libo: DiskCounty, alert: Path) -> None:
    """What the second officer wants changed is said, and the text of what is given up is gone."""
    made = await by(libo, OFFICER, "make", alert, "--type", "alert_issued", "--key", "the-first")
    again = await by(libo, OFFICER, "make", alert, "--type", "alert_issued", "--key", "the-first")
    number = made["draft"]["id"]
    await by(libo, OFFICER, "hand-in", number)
    bare = await said(libo, SECOND, "return", number, "--digest", made["digest"], "--note", "")
    back = await by(libo, SECOND, "return", number, "--digest", made["digest"], "--note", "写明转移路线")
    theirs = await said(libo, SECOND, "make", alert, "--type", "alert_issued", "--change", number)
    changed = await by(libo, OFFICER, "make", alert, "headline=改过的", "--type", "alert_issued", "--change", number)
    table = await said(libo, OFFICER, "show", number)
    over = await by(libo, OFFICER, "withdraw", number)
    empty = await said(libo, OFFICER, "list")

    assert again["draft"]["id"] == number
    assert "release.no_note" in bare.err
    assert (back["draft"]["state"], back["draft"]["note"]) == ("returned", "写明转移路线")
    assert "release.not_author" in theirs.err
    assert (changed["draft"]["id"], changed["digest"] != made["digest"]) == (number, True)
    assert "写明转移路线" in table.out
    assert "改过的" in table.out
    assert (over["draft"]["state"], over["event"]) == ("withdrawn", None)
    assert "没有 none" in empty.out


async def test_an_alert_that_one_sends_alone_is_countersigned(libo: DiskCounty, alert: Path) -> None:
    """At night one is enough, and in the morning the second name comes under it."""
    made = await by(libo, OFFICER, "make", alert, "--type", "alert_issued")
    sent = await by(libo, OFFICER, "send", made["draft"]["id"], "--alone")
    own = await said(libo, OFFICER, "countersign", sent["envelope_id"][:8])
    signed = await by(libo, SECOND, "countersign", sent["envelope_id"][:8])
    again = await said(libo, SECOND, "countersign", sent["envelope_id"])
    assert "release.same_officer" in own.err
    assert {one["mode"] for one in signed["releases"]} == {"alone", "countersigned"}
    assert not signed["awaits_second"]
    assert "release.not_waiting" in again.err


async def test_what_is_nobodys_is_refused_with_the_mend(libo: DiskCounty, alert: Path, tmp_path: Path) -> None:
    """The commands' own token is bound to nobody; a number that fits nothing and a file that is none are named."""
    nobody = await libo.command("draft", "make", alert, "--type", "alert_issued")
    unknown = await said(libo, OFFICER, "show", "beef")
    none = await libo.command("draft", "list", "--token-file", tmp_path / "none")
    assert (nobody.code, "access.no_officer" in nobody.err) == (3, True)
    assert (unknown.code, "request.not_found" in unknown.err) == (2, True)
    assert none.code == 2
    assert "--token-file" in none.err


async def test_a_whole_draft_comes_from_standard_input(libo: DiskCounty) -> None:
    """As programs hand it over; what a stranger wrote in it moves no cursor."""
    whole = {"type": "cn.sihu.information.policy_bulletin_published.v1", "content": {"title": "\u001b[2J清屏[red]"}}
    token = libo.home / f"{OFFICER}.draft"
    text = json.dumps(whole, ensure_ascii=False)
    made = await libo.command("draft", "make", "-", "--token-file", token, stdin=text)
    table = await said(libo, SECOND, "list")
    assert made.code == 0, made.err
    assert "可办 acts" in made.out
    assert "\u001b[2J" not in made.out + table.out
    assert "清屏[red]" in table.out
