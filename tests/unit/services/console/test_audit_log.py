"""操作日志: who did what, in words, picked out, whole or not, and as a file."""

import json
import re
from dataclasses import replace

import pytest

from schemas.consoles import ACT_PATTERN
from schemas.officers import Role
from services.console.pages import PAGES
from services.console.pages.audit_log import word_of
from services.domain.account_words import ACTS, FAMILIES, note_zh
from services.domain.audit import next_entry
from services.ports import Transaction
from tests import papers
from tests.console import at_the_door, entered, house_of, visiting
from tests.world import County, World


@pytest.fixture
def county() -> County:
    return World()[papers.HUANJIANG]


def acted(tx: Transaction, count: int = 3, officer: str = "duty-a", act: str = "account.reset") -> None:
    """Write acts down."""
    for number in range(count):
        row = next_entry(
            tx.console.last_audit(), officer=officer, act=act, about=f"<b>{number}</b>", now=papers.LONG_AGO
        )
        tx.console.log_act(row)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR])
async def test_the_log_is_read_in_words_the_newest_first(county: County, role: Role) -> None:
    """An auditor who has to know codes reads nothing; and what stands in a line runs nowhere."""
    await county.store.write(acted)
    async with entered(county, role) as browser:
        shown = await browser.get("/audit/log")
    assert shown.has("✓ 记录完整", "登录", "注册完成，本县签发凭证", "重置账号", "&lt;b&gt;2")
    numbers = [int(one) for one in re.findall(r'<td class="number">(\d+)</td>', shown.text)]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[-1] == 1


@pytest.mark.parametrize("role", [one for one in Role if one not in {Role.AUDITOR, Role.ADMINISTRATOR}])
async def test_nobody_else_reads_it(county: County, role: Role) -> None:
    """It tells who failed to get in, and when."""
    async with visiting(county, role) as browser:
        assert (await browser.get("/audit/log")).status == 403
        assert (await browser.get("/audit/log/export")).status == 403


async def test_one_officer_and_one_kind_are_picked_out(county: County) -> None:
    """Ten thousand lines, and one question."""
    await county.store.write(acted)
    await county.store.write(lambda tx: acted(tx, 2, "admin-b", "token.issued"))
    async with visiting(county, Role.AUDITOR) as browser:
        of_one = await browser.get("/audit/log?officer=admin-b")
        of_act = await browser.get("/audit/log?act=account&officer=")
        of_none = await browser.get("/audit/log?officer=nobody&act=account.reset")
        wrong = await browser.get("/audit/log?officer=%3Cscript%3E")
    assert of_one.text.count('class="number">') == 3
    assert of_one.has('value="admin-b"', "签发令牌</td>")
    assert of_act.text.count('class="number">') == 4
    assert of_act.has('value="account" selected')
    assert of_none.has("没有这样的记录")
    assert wrong.status == 422
    assert "<script>" not in wrong.text.replace("<script src", "")


async def test_a_long_log_is_turned_over_page_by_page(county: County) -> None:
    """Every line once, whatever is picked out."""
    await county.store.write(lambda tx: acted(tx, 250))
    async with visiting(county, Role.AUDITOR) as browser:
        path, seen = "/audit/log?officer=duty-a", list[int]()
        while path:
            shown = await browser.get(path)
            seen += [int(one) for one in re.findall(r'<td class="number">(\d+)</td>', shown.text)]
            found = re.search(r'href="([^"]+)" rel="next"', shown.text)
            path = found[1].replace("&amp;", "&") if found else ""
    assert seen == list(range(250, 0, -1))


async def test_a_changed_line_is_told_in_red(county: County) -> None:
    """With its number: from there on nothing is proof."""
    await county.store.write(acted)

    def change(tx: Transaction) -> None:
        rows = tx.console.audit(0, 99)
        tx.console.prune_audit(99)
        for row in rows:
            tx.console.log_act(replace(row, officer="somebody") if row.number == 2 else row)

    await county.store.write(change)
    async with visiting(county, Role.AUDITOR) as browser:
        shown = await browser.get("/audit/log")
    assert shown.has("✗ 记录被动过", "从第 2 条起")


async def test_the_whole_log_is_handed_over_as_a_file(county: County) -> None:
    """Line by line as the command writes it, with the headers of every page."""
    await county.store.write(acted)
    house = house_of(county)
    auditor = await house.enrolled("auditor-a", Role.AUDITOR)
    async with at_the_door(county, house) as browser:
        await browser.log_in(auditor)
        shown = await browser.get("/audit/log/export")
    lines = [json.loads(one) for one in shown.text.splitlines()]
    assert [one["number"] for one in lines] == list(range(1, len(lines) + 1))
    assert lines[0]["act"] == "account.reset"
    assert "attachment" in shown.headers["Content-Disposition"]
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("totp, from 192.0.2.7", "手机验证码，来自 192.0.2.7"),
        ("from ::1", "来自 ::1"),
        ("2 sessions ended", "结束 2 次登录"),
        ("duty、liaison", "值班员、联络员"),
        ("events:read", "读事件"),
        ("", ""),
        ("another, of later", "another, of later"),
    ],
)
def test_a_note_is_said_in_chinese(note: str, said: str) -> None:
    """Half a line that nobody here reads is half a proof."""
    assert note_zh(note) == said


def test_every_act_has_a_word() -> None:
    """A line in a code that nobody knows is no evidence to a person."""
    titles = {page.name: page.title for page in PAGES}
    assert all(re.fullmatch(ACT_PATTERN, act) for act in ACTS)
    assert {act.partition(".")[0] for act in ACTS} <= set(FAMILIES)
    assert word_of("console.acknowledge", titles) == "签收"
    assert word_of("console.of_an_older_version", titles) == "console.of_an_older_version"
    assert word_of("nobody.knows", titles) == "nobody.knows"
