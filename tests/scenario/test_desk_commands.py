"""The commands of the desk against a real API on loopback: an alert goes out, is seen, answered, and proved."""

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from schemas.notices import NoticeKind
from schemas.records import Quarantined
from services.ports import Transaction
from tests import papers
from tests.commands import Counties
from tests.desks import OFFICER, DiskWorld, desks, founded
from tests.terminal import Screen

HUANJIANG, LIBO = "451226", "522722"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Counties:
    """Found two counties, once."""
    return founded(tmp_path_factory.mktemp("two"), (HUANJIANG, LIBO))


@pytest.fixture
async def world(home: Counties, tmp_path: Path) -> AsyncIterator[DiskWorld]:
    """Return two counties whose APIs are open, for a test to do with as it likes."""
    shutil.copytree(home.root, tmp_path, dirs_exist_ok=True)
    async with desks(Counties(tmp_path, home.codes)) as opened:
        yield opened


def alert_file(folder: Path, **changes: Any) -> Path:  # noqa: ANN401 - any field of the content
    """Write the content of a red rainstorm alert that is in force for long enough."""
    content = papers.alert_content(expires="2099-01-01T00:00:00+08:00") | changes
    content["effective"] = "2098-12-31T00:00:00+08:00"
    path = folder / "alert.json"
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


async def sent_alert(world: DiskWorld, folder: Path) -> str:
    """Let 荔波 send an alert, carry it over, and return its id."""
    sent: Any = await world.desks[LIBO].done("send", alert_file(folder), "--type", "alert_issued")
    await world.carry()
    return str(sent["envelope_id"])


async def test_an_alert_is_sent_seen_answered_and_proved(world: DiskWorld, tmp_path: Path) -> None:
    """The whole round at two desks: send, inbox, show, acknowledge, and the officer's answer back at the source."""
    envelope_id = await sent_alert(world, tmp_path)
    libo, huanjiang = world.desks[LIBO], world.desks[HUANJIANG]

    inbox: Any = await huanjiang.done("inbox")
    assert [one["envelope_id"] for one in inbox["events"]] == [envelope_id]
    shown: Any = await huanjiang.done("show", envelope_id[:10])
    assert shown["verification"]["holds"]
    assert shown["verification"]["permitted"]

    words = ("acknowledge", envelope_id[:6], "--officer", OFFICER, "--answer", "handling", "--note", "已通知洛阳镇")
    done: Any = await huanjiang.done(*words)
    assert (done["means"], done["officer"]) == ("key_file", "值班员甲")
    await world.carry()

    delivered: Any = await libo.done("show", envelope_id)
    assert delivered["deliveries"][0]["acknowledged_by"] == "值班员甲"
    assert delivered["deliveries"][0]["answer"] == "handling"
    receipts: Any = await libo.done("receipts", envelope_id)
    assert [one["stage"] for one in receipts["receipts"]] == ["stored", "acknowledged"]
    sent: Any = await libo.done("sent")
    assert sent["events"][0]["acknowledged_count"] == 1


async def test_the_tables_name_counties_and_words(world: DiskWorld, tmp_path: Path) -> None:
    """Whoever reads the table at night must find county, level, title and what to do, in Chinese."""
    envelope_id = await sent_alert(world, tmp_path)
    huanjiang = world.desks[HUANJIANG]
    expected = {
        ("inbox",): ("荔波", "1级", "预警发布", envelope_id[:10], "限 "),
        ("show", envelope_id): ("荔波 522722", "1级", "有效 holds", "许可 permits", "未签收", "标题", "522722 荔波"),
        ("receipts", envelope_id): ("环江", "已入库"),
        ("notices",): ("没有未解除的提醒",),
        ("quarantine",): ("没有被隔离的消息",),
    }
    for words, parts in expected.items():
        outcome = await huanjiang.command(*words)
        assert outcome.code == 0, outcome.err
        for part in parts:
            assert part in outcome.out, (words, part, outcome.out)
    sent = await world.desks[LIBO].command("sent")
    assert "1/1" in sent.out


async def test_an_event_is_sent_from_fields_and_from_standard_input(world: DiskWorld) -> None:
    """A bulletin typed at the desk, and a draft piped in by another system, are the same kind of event."""
    libo = world.desks[LIBO]
    content = papers.policy_content()
    typed = [f"{name}:={json.dumps(value)}" for name, value in content.items() if name != "title"]
    by_fields = await libo.command(
        "send", "title=边界联防工作办法", *typed, "--type", "政策通报", "--to", "环江", "--json"
    )
    assert by_fields.code == 0, by_fields.err
    draft = {"type": papers.POLICY, "agreement": papers.AGREEMENT, "content": content}
    piped = await libo.command("send", "-", "--status", "exercise", "--json", stdin=json.dumps(draft))
    assert piped.code == 0, piped.err
    sent: Any = await libo.done("sent")
    assert [one["status"] for one in sent["events"]] == ["exercise", "actual"]
    table = await libo.command("sent")
    assert "【演练】" in table.out


async def test_the_same_key_is_one_event(world: DiskWorld, tmp_path: Path) -> None:
    """An officer who presses return twice, or a script that retries, must not page the neighbours twice."""
    libo, file = world.desks[LIBO], alert_file(tmp_path)
    ids = set()
    for _ in range(2):
        sent: Any = await libo.done("send", file, "--type", "alert_issued", "--key", "night-1")
        ids.add(sent["envelope_id"])
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("changes", "words", "exit_code", "said"),
    [
        ({"colour": "red"}, (), 2, "content.colour"),
        ({"report_no": None}, (), 2, "content.report_no"),
        ({"colour": "red", "report_no": None}, (), 2, "content.colour [content.unknown_field]"),
        ({}, ("--to", "富宁"), 3, "sharing.outside_agreement"),
        ({}, ("--to", "某县"), 2, "request.county"),
        ({}, ("--agreement", "other"), 3, "sharing.no_agreement"),
        ({}, ("--ref", "supersedes"), 2, "request.ref"),
        ({}, ("second.json",), 2, "request.file"),
    ],
)
async def test_a_refused_event_is_one_line_with_field_and_code(
    world: DiskWorld, tmp_path: Path, changes: dict[str, Any], words: tuple[str, ...], exit_code: int, said: str
) -> None:
    """The officer must see what to change, and a script whether to change it; nothing is stored."""
    outcome = await world.desks[LIBO].command("send", alert_file(tmp_path, **changes), *words, "--type", "alert_issued")
    assert outcome.code == exit_code, outcome.err
    assert outcome.out == ""
    assert outcome.err.count("\n") == 1
    assert said in outcome.err
    assert (await world.desks[LIBO].counts())["events_out"] == 0


async def test_a_second_answer_is_told_who_answered_first(world: DiskWorld, tmp_path: Path) -> None:
    """Two officers at one desk: the second must learn that it is done, by whom and when."""
    envelope_id = await sent_alert(world, tmp_path)
    huanjiang = world.desks[HUANJIANG]
    await huanjiang.done("acknowledge", envelope_id, "--officer", OFFICER)
    second = await huanjiang.command("acknowledge", envelope_id, "--officer", OFFICER)
    assert second.code == 2
    assert "already by 值班员甲" in second.err


async def test_a_revoked_officer_cannot_answer(world: DiskWorld, tmp_path: Path) -> None:
    """From the second after the revocation on, with the same key file and the same token."""
    envelope_id = await sent_alert(world, tmp_path)
    huanjiang = world.desks[HUANJIANG]
    await huanjiang.done("officer", "revoke", OFFICER)
    await world.clock.move(1)
    refused = await huanjiang.command("acknowledge", envelope_id, "--officer", OFFICER)
    assert refused.code == 3
    assert "revoked" in refused.err


async def test_a_wrong_officers_passphrase_is_one_line(world: DiskWorld, tmp_path: Path) -> None:
    """The officer's own key opens with the officer's own passphrase; nothing is answered without it."""
    wrong = tmp_path / "wrong"
    wrong.write_text("not the right words\n", encoding="utf-8")
    envelope_id = await sent_alert(world, tmp_path)
    huanjiang = world.desks[HUANJIANG]
    refused = await huanjiang.command(
        "acknowledge", envelope_id, "--officer", OFFICER, "--officer-passphrase-file", wrong
    )
    assert refused.code == 2
    assert "key.wrong_passphrase" in refused.err
    shown: Any = await huanjiang.done("show", envelope_id)
    assert shown["answer"] is None


async def test_ids_may_be_shortened_but_not_guessed(world: DiskWorld, tmp_path: Path) -> None:
    """A short id that fits nothing, or is no id, must never show or answer some other event."""
    await sent_alert(world, tmp_path)
    huanjiang = world.desks[HUANJIANG]
    for text, exit_code in (("ffff0000", 2), ("abc", 2), ("last", 2), ("0" * 64, 2)):
        outcome = await huanjiang.command("show", text)
        assert outcome.code == exit_code, (text, outcome.err)
        assert outcome.err.count("\n") == 1


async def test_without_a_node_it_says_so(world: DiskWorld) -> None:
    """The commonest trouble at night: the line must say what to start, and the exit code that it is no refusal."""
    huanjiang = world.desks[HUANJIANG]
    settings = huanjiang.home / "county.toml"
    lines = settings.read_text(encoding="utf-8").splitlines()
    settings.write_text("\n".join("port = 1" if "port = " in line else line for line in lines), encoding="utf-8")
    outcome = await huanjiang.command("inbox")
    assert outcome.code == 4
    assert "sihu node" in outcome.err


async def test_a_token_that_is_no_more_is_refused(world: DiskWorld) -> None:
    """The commands themselves are let in by a token, and it dies like any other."""
    huanjiang = world.desks[HUANJIANG]
    await huanjiang.done("inbox")
    await huanjiang.done("token", "revoke", "cli")
    await world.clock.move(1)
    refused = await huanjiang.command("inbox")
    assert refused.code == 3
    assert "access.revoked" in refused.err


async def test_what_the_officer_must_know_is_listed(world: DiskWorld) -> None:
    """Notices and refused messages must be found from the desk, with county, reason and words."""
    huanjiang, now = world.desks[HUANJIANG], world.clock.now()
    refused = Quarantined(
        digest="ab" * 32,
        size=2048,
        source=LIBO,
        subject="hub.in",
        code="signature.invalid",
        field="signatures",
        reason="the signature does not cover these bytes",
        recorded_at=now,
        message=None,
    )

    def happen(tx: Transaction) -> None:
        tx.waiting_room.quarantine(refused)
        tx.waiting_room.tell(NoticeKind.NOT_STORED, "x", LIBO, "荔波（522722）未按时给出入库回执", now)

    await huanjiang.store.write(happen)
    notices, quarantine = await huanjiang.command("notices"), await huanjiang.command("quarantine")
    for part in ("未入库", "荔波（522722）未按时给出入库回执", "未解除"):
        assert part in notices.out
    for part in ("荔波 522722", "signature.invalid", "2,048", "abababab"):
        assert part in quarantine.out
    listed: Any = await huanjiang.done("notices", "--all")
    assert [one["kind"] for one in listed["notices"]] == ["not_stored"]


async def test_notices_are_closed_by_those_who_dealt_with_them(world: DiskWorld) -> None:
    """A wrong number among right ones closes the right ones and says which was wrong; who closed it is on the list."""
    huanjiang, now = world.desks[HUANJIANG], world.clock.now()

    def happen(tx: Transaction) -> None:
        for about in "ab":
            tx.waiting_room.tell(NoticeKind.REFUSED, about, LIBO, f"荔波拒收 {about}", now)
        tx.waiting_room.tell(NoticeKind.EXPIRING, "c", "", "名册将到期", now)

    await huanjiang.store.write(happen)
    closed = await huanjiang.command("notices", "close", "1", "7", "9", "2", "--officer", OFFICER)
    assert closed.code == 2
    assert [line.split()[:2] for line in closed.out.splitlines()] == [["1", "已关闭"], ["2", "已关闭"]]
    assert closed.err.count("\n") == 1
    for part in ("7", "9", "notice.not_found", "sihu notices --all"):
        assert part in closed.err
    assert (await huanjiang.command("notices", "close", "1")).code == 0
    assert (await huanjiang.command("notices", "close", "0")).code == 2
    misplaced = await huanjiang.command("notices", "--all", "close", "1")
    assert (misplaced.code, "request.misplaced" in misplaced.err) == (2, True)
    expiring = await huanjiang.command("notices", "close", "3")
    assert (expiring.code, "ends by itself" in expiring.err) == (2, True)
    still: Any = await huanjiang.done("notices")
    assert [one["number"] for one in still["notices"]] == [3]
    every = await huanjiang.command("notices", "--all")
    assert every.out.count(f" {OFFICER}") == 2


async def test_an_answered_event_shows_its_answer_and_its_deliveries(world: DiskWorld, tmp_path: Path) -> None:
    """Who comes on duty next must see who answered, how, and what was said."""
    envelope_id = await sent_alert(world, tmp_path)
    huanjiang, libo = world.desks[HUANJIANG], world.desks[LIBO]
    said = await huanjiang.command("acknowledge", envelope_id, "--officer", OFFICER, "--note", "已通知沿河村屯")
    assert "已签收" in said.out
    assert "本人密钥签名" in said.out
    await world.carry()
    shown = await huanjiang.command("show", envelope_id)
    for part in ("签收 answer", "值班员甲", "收到", "已通知沿河村屯"):
        assert part in shown.out
    delivered = await libo.command("show", envelope_id)
    for part in ("送达 deliveries", "环江 451226", "值班员甲", "收到"):
        assert part in delivered.out
    assert "已签收" in (await huanjiang.command("inbox")).out


async def test_an_update_names_the_event_before_it(world: DiskWorld, tmp_path: Path) -> None:
    """References travel in the header and are shown; nothing may be taken for another relation."""
    envelope_id = await sent_alert(world, tmp_path)
    libo = world.desks[LIBO]
    draft = tmp_path / "bulletin.json"
    draft.write_text(json.dumps(papers.policy_content()), encoding="utf-8")
    words = ("send", draft, "--type", "policy_bulletin_published", "--ref", f"case:{envelope_id}", "--priority", "2")
    sent: Any = await libo.done(*words)
    shown = await libo.command("show", sent["envelope_id"])
    assert f"case {envelope_id}" in shown.out


@pytest.mark.parametrize(
    ("words", "exit_code", "said"),
    [
        ((), 2, "request.nothing"),
        (("-",), 2, "json.malformed"),
        (("/nowhere/alert.json",), 2, "file.not_found"),
        (("--type", "nothing", "a=b"), 2, "event.unknown_type"),
        (("--type", "alert_issued", "a:=1.5"), 2, "json.float"),
    ],
)
async def test_a_draft_that_cannot_be_read_is_refused_before_the_node_is_asked(
    world: DiskWorld, words: tuple[str, ...], exit_code: int, said: str
) -> None:
    """Half a draft must never be sent."""
    outcome = await world.desks[LIBO].command("send", *words)
    assert (outcome.code, outcome.out) == (exit_code, "")
    assert said in outcome.err


async def test_a_draft_that_is_no_object_is_refused(world: DiskWorld) -> None:
    """A list of events is not an event."""
    outcome = await world.desks[LIBO].command("send", "-", stdin="[]")
    assert "request.wrong_type" in outcome.err


async def test_an_event_whose_fate_is_unknown_can_be_sent_again_safely(world: DiskWorld, tmp_path: Path) -> None:
    """The node went away in the middle: the line must hand the officer the key with which nothing is doubled."""
    libo = world.desks[LIBO]
    await libo.close_api()
    lost = await libo.command("send", alert_file(tmp_path), "--type", "alert_issued")
    assert lost.code == 4
    key = lost.err.split("--key ")[1].split(",")[0]
    await libo.open_api()
    for _ in range(2):
        await libo.done("send", alert_file(tmp_path), "--type", "alert_issued", "--key", key)
    assert (await libo.counts())["events_out"] == 1


async def follow(world: DiskWorld, *words: str) -> asyncio.subprocess.Process:
    """Start ``sihu watch --json`` as a program of its own."""
    home = str(world.desks[HUANJIANG].home)
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli", "watch", "--json", "--dir", home, *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def next_change(process: asyncio.subprocess.Process) -> dict[str, Any]:
    """Return the next line of a watching program."""
    assert process.stdout is not None
    async with asyncio.timeout(20):
        line = await process.stdout.readline()
    value: dict[str, Any] = json.loads(line)
    return value


async def test_watch_prints_each_change_once_over_a_restart_of_the_api(world: DiskWorld, tmp_path: Path) -> None:
    """A watching program that misses an alert while the node was away, or tells one twice, is worse than none."""
    huanjiang = world.desks[HUANJIANG]
    first_id = await sent_alert(world, tmp_path)
    process = await follow(world, "--after", "0")
    try:
        seen = [await next_change(process)]
        assert (seen[0]["kind"], seen[0]["reference"]) == ("arrived", first_id)
        await huanjiang.close_api()
        second_id = await sent_alert(world, tmp_path)
        await huanjiang.open_api()
        while seen[-1]["reference"] != second_id:
            seen.append(await next_change(process))
    finally:
        process.terminate()
        await process.wait()
    sequences = [one["sequence"] for one in seen]
    assert sequences == sorted(set(sequences))
    assert [one["reference"] for one in seen if one["kind"] == "arrived"] == [first_id, second_id]


async def test_watch_without_a_terminal_says_so(world: DiskWorld) -> None:
    """A screen drawn into a file helps nobody."""
    outcome = await world.desks[HUANJIANG].command("watch")
    assert outcome.code == 2
    assert "--json" in outcome.err


async def test_the_screen_shows_what_happens_and_that_the_node_is_away(world: DiskWorld, tmp_path: Path) -> None:
    """An alert must be on the screen by itself, a lost link must be seen, and Ctrl-C must end it cleanly."""
    huanjiang = world.desks[HUANJIANG]
    async with Screen.of("watch", "--dir", str(huanjiang.home)) as screen:
        await screen.until("已连接")
        await sent_alert(world, tmp_path)
        await screen.until("荔波县气象台发布暴雨红色预警", "荔波", "1级", "限 ")
        await huanjiang.close_api()
        await screen.until("断线", "sihu node")
        await huanjiang.open_api()
        await screen.until("已连接")
        assert await screen.interrupted() == 0


async def test_watch_ends_when_its_token_dies(world: DiskWorld) -> None:
    """A screen that goes on showing the last state after it was shut out would be believed."""
    huanjiang = world.desks[HUANJIANG]
    process = await follow(world)
    await huanjiang.done("token", "revoke", "cli")
    await world.clock.move(2)
    async with asyncio.timeout(20):
        _, err = await process.communicate()
    assert process.returncode == 3
    assert b"access." in err


async def test_an_erased_event_is_shown_without_content_and_with_who_erased_it(world: DiskWorld) -> None:
    """A file sent to the wrong neighbour: gone at both desks, and the sender can show that it is."""
    libo, huanjiang = world.desks[LIBO], world.desks[HUANJIANG]
    fields = [f"{name}:={json.dumps(value)}" for name, value in papers.policy_content().items()]
    sent: Any = await libo.done("send", *fields, "--type", "政策通报", "--to", "环江")
    envelope_id = str(sent["envelope_id"])
    early = await libo.command("erase", envelope_id[:10], "--reason", "mistaken")
    assert early.code != 0
    assert "erasure.undelivered" in early.err
    await world.carry()

    done: Any = await libo.done("erase", envelope_id[:10], "--reason", "mistaken")
    assert [one["county"] for one in done["erasures"]] == [LIBO]
    await world.carry()

    for desk in (libo, huanjiang):
        shown: Any = await desk.done("show", envelope_id)
        assert shown["content"] is None
        assert shown["verification"]["holds"]
    table = await libo.command("show", envelope_id)
    assert "已销毁" in table.out
    assert "误发" in table.out
    assert {one["county"] for one in (await libo.done("show", envelope_id))["erasures"]} == {LIBO, HUANJIANG}  # type: ignore[index]
