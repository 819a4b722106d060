"""联合调解: both counties' story in one order, the next act in one form, nobody named before a reason was given."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from schemas.custody import OpeningReason
from schemas.officers import Role
from tests import case_contents as written
from tests.console import Shown, visiting
from tests.mediating import TODAY, Bench, mediating
from tests.papers import HUANJIANG, LIBO, NANDAN

PROOF: dict[str, Any] = {"title": "照片", "evidence_kind": "picture", "sha256": "a" * 64, "added_on": str(TODAY)}
CONSENT = {"party": "p1", "matter": "mediation", "means": "signed", "given_on": str(TODAY), "until": ""}
NAMES = (written.FIRST, written.SECOND, "组长甲", written.TITLE)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """Two counties that mediate, and a third."""
    async with mediating() as one:
        yield one


def heads_in(shown: Shown) -> list[tuple[str, str]]:
    """The newest entries as a page's forms name them."""
    return [("seen", one) for one in dict.fromkeys(re.findall(r'name="seen" value="([0-9a-f]{64})"', shown.text))]


async def drafted(bench: Bench) -> tuple[str, str]:
    """Bring a case to an agreement that all have to sign; return its id and the digest."""
    case_id = await bench.register()
    await bench.agreed(case_id)
    await bench.written(LIBO, case_id, "accepted", accepted_on=str(TODAY), due_on="2026-04-04")
    mediators = written.mediators((NANDAN, LIBO))
    await bench.written(NANDAN, case_id, "panel_set", mediators=mediators, set_on=str(TODAY))
    told = {"matter": "rights_and_duties", "means": "spoken", "given_on": str(TODAY)}
    for ref, county in (("p1", NANDAN), ("p2", LIBO)):
        await bench.written(county, case_id, "consent_given", **written.consent(ref, "mediators", TODAY))
        await bench.written(county, case_id, "notice_given", parties=[ref], **told)
    begun = {"session_no": 1, "open_to_public": False}
    at = "2026-03-04T10:00:00.000+08:00"
    await bench.written(NANDAN, case_id, "session_set", starts_at=at, place="调委会", **begun)
    sat = {"parties": ["p1", "p2"], "mediators": ["m1", "m2"], "record": "各方到场。", "held_on": str(TODAY)}
    await bench.written(NANDAN, case_id, "session_held", **begun, **sat)
    text = written.agreement(TODAY, (NANDAN, LIBO))
    digest = written.digest_of(text)
    await bench.written(NANDAN, case_id, "agreement_drafted", form="written", document=text, sha256=digest)
    return case_id, digest


async def test_a_board_without_cases_says_how_one_begins(bench: Bench) -> None:
    """An empty page looks like a broken one."""
    async with visiting(bench.world[NANDAN], Role.MEDIATOR) as browser:
        shown = await browser.get("/cases")

    assert shown.status == 200
    assert shown.has("没有未结案的案件", "/compose?type=cn.sihu.governance.case_registered.v1")


async def test_the_board_names_nobody_and_every_last_day(bench: Bench) -> None:
    """Who passes by the screen must not read who quarrels; who works must see what is due and with whom."""
    case_id = await bench.register()
    await bench.agreed(case_id)
    await bench.written(LIBO, case_id, "accepted", accepted_on=str(TODAY), due_on="2026-04-04")
    async with visiting(bench.world[NANDAN], Role.AUDITOR) as browser:
        board, case = await browser.get("/cases"), await browser.get(f"/cases/{case_id}")
        unfolded = await browser.get("/cases?all=true")

    assert board.has("调解中", "山林", "与荔波", "本县牵头", "2026-04-04", "还剩 31 天")
    assert case.has("p1（南丹）", "p2（荔波）", "接受调解", "司法部令第75号", "调解期限", "还不能办")
    assert unfolded.has("已结案")
    assert [name for name in NAMES if name in board.text + case.text] == []


async def test_an_act_is_written_by_one_form_and_seen_next_door(bench: Bench) -> None:
    """What the form says must be what both counties' file says, signed, once, although it was pressed twice."""
    case_id = await bench.register()
    async with visiting(bench.world[NANDAN], Role.MEDIATOR) as browser:
        before = await browser.get(f"/cases/{case_id}")
        fields = [*CONSENT.items(), ("once", "0" * 32), *heads_in(before)]
        pressed = [await browser.post(f"/cases/{case_id}/acts/consent_given", fields) for _ in range(2)]
        after = await browser.get(f"/cases/{case_id}")
    await bench.world.carry()
    theirs = await bench.case(LIBO, case_id)

    assert [(one.status, one.location) for one in pressed] == [(303, f"/cases/{case_id}")] * 2
    assert after.has("已记入案卷", "p1；接受调解")
    assert [one["facts"]["act"] for one in theirs["entries"]] == ["registered", "consent_given"]


async def test_whoever_is_late_sees_what_is_new_and_types_nothing_twice(bench: Bench) -> None:
    """The other county wrote meanwhile: nothing is written over it, and nothing that was typed is lost."""
    case_id = await bench.register()
    reason = "当事人说<script>alert(1)</script>" + "很长的理由" * 40
    async with visiting(bench.world[NANDAN], Role.MEDIATOR) as browser:
        old = await browser.get(f"/cases/{case_id}")
        newer = await bench.written(LIBO, case_id, "evidence_added", **PROOF)
        fields = {"suspended_on": str(TODAY), "reason": reason, "once": "1" * 32}
        late = await browser.post(f"/cases/{case_id}/acts/suspended", [*fields.items(), *heads_in(old)])
        again = await browser.post(f"/cases/{case_id}/acts/suspended", [*fields.items(), *heads_in(late)])

    assert late.status == 409
    assert late.has("案卷刚有新的材料", "新</span>", newer, "很长的理由" * 40, "&lt;script&gt;")
    assert "<script>alert" not in late.text
    assert heads_in(late) == [("seen", newer)]
    assert again.status == 303


async def test_what_does_not_fit_is_said_at_its_field(bench: Bench) -> None:
    """A day too late for the law: the form stays open, filled in, with the mend beside the field."""
    case_id = await bench.register()
    await bench.agreed(case_id)
    async with visiting(bench.world[NANDAN], Role.MEDIATOR) as browser:
        before = await browser.get(f"/cases/{case_id}")
        fields = {"accepted_on": str(TODAY), "due_on": "2026-06-30", "once": "2" * 32}
        refused = await browser.post(f"/cases/{case_id}/acts/accepted", [*fields.items(), *heads_in(before)])
        missing = await browser.post(f"/cases/{case_id}/acts/accepted", heads_in(before))
        unknown = await browser.post(f"/cases/{case_id}/acts/registered", heads_in(before))

    assert refused.status == 422
    assert refused.has('value="2026-06-30"', "没有记入", "ask-error", 'id="act-accepted" open')
    assert missing.status == 422
    assert missing.text.count("ask-error") >= 2
    assert unknown.status == 404
    assert len((await bench.case(NANDAN, case_id))["entries"]) == 3


async def test_an_entry_is_opened_with_a_reason_and_written_down(bench: Bench) -> None:
    """Names come to the screen only after the log says who wanted them and why."""
    case_id = await bench.register()
    async with visiting(bench.world[NANDAN], Role.MEDIATOR) as browser:
        closed = await browser.get(f"/cases/{case_id}/entries/{case_id}")
        opened = await browser.post(f"/cases/{case_id}/entries/{case_id}", {"why": "handling"})
        unsaid = await browser.post(f"/cases/{case_id}/entries/{case_id}", {"why": "because"})
    rows = await bench.world[NANDAN].store.read(lambda s: s.openings(0, 9))

    assert written.FIRST not in closed.text
    assert opened.has(written.FIRST, "组长乙")
    assert unsaid.status >= 400
    assert [(row.envelope_id, row.reason, row.officer) for row in rows] == [(case_id, OpeningReason.HANDLING, "duty-a")]


async def test_an_agreement_is_signed_seal_by_seal_until_it_is_in_force(bench: Bench) -> None:
    """The page shows the digest that both counties sign, and who is missing; nobody signs for the other county."""
    case_id, digest = await drafted(bench)
    path = f"/cases/{case_id}/agreement"
    signed = {"means": "signed", "signed_on": str(TODAY)}
    async with visiting(bench.world[NANDAN], Role.MEDIATOR) as browser:
        begun = await browser.get(path)
        for who in ("signatory=party&party=p1", "signatory=mediator&mediator=m1", "signatory=county"):
            now = await browser.get(path)
            fields = [("who", who), *signed.items(), *heads_in(now)]
            done = await browser.post(f"/cases/{case_id}/acts/agreement_signed", fields)
            assert (done.status, done.location) == (303, path)
        now = await browser.get(path)
        stamp = {"committee": "镇人民调解委员会", "stamped_on": str(TODAY)}
        await browser.post(f"/cases/{case_id}/acts/stamped", [*stamp.items(), *heads_in(now)])
        foreign = [("who", "signatory=party&party=p2"), *signed.items(), *heads_in(await browser.get(path))]
        refused = await browser.post(f"/cases/{case_id}/acts/agreement_signed", foreign)
        half = await browser.get(path)
    await bench.world.carry()
    for said in written.signatures(digest, LIBO, TODAY):
        await bench.written(LIBO, case_id, "agreement_signed", **said)
    async with visiting(bench.world[NANDAN], Role.LIAISON) as browser:
        whole = await browser.get(path)
        bound = [
            ("in_force_on", str(TODAY)),
            ("confirm_by", "2026-04-03"),
            ("courts", "南丹县人民法院\n荔波县人民法院"),
        ]
        copies = [("copies_to", "p1"), ("copies_to", "p2")]
        done = await browser.post(f"/cases/{case_id}/acts/in_force", [*bound, *copies, *heads_in(whole)])
        after = await browser.get(f"/cases/{case_id}")

    assert begun.has(digest[:8], digest[-8:], "还差 7 个")
    assert refused.status == 422
    assert half.has("p1（南丹）", "未签", "还差 3 个", "委员会印章")
    assert whole.has("已签齐")
    assert done.status == 303
    assert after.has("协议生效", "司法确认期限", "2026-04-03")


async def test_the_agreement_is_printed_with_a_reason(bench: Bench) -> None:
    """On paper stands the digest; without an agreement there is nothing to print; every opening is written down."""
    printed: list[str] = []

    async def printer(html: str) -> bytes:
        printed.append(html)
        return b"%PDF-"

    county = bench.world[NANDAN]
    county.printer = printer
    bare = await bench.register()
    case_id, digest = await drafted(bench)
    async with visiting(county, Role.MEDIATOR) as browser:
        sheet = await browser.post(f"/cases/{case_id}/paper", {"what": "agreement", "why": "handling"})
        whole = await browser.post(f"/cases/{case_id}/paper", {"what": "file", "why": "review"})
        nothing = await browser.post(f"/cases/{bare}/paper", {"what": "agreement", "why": "handling"})
        unsaid = await browser.post(f"/cases/{case_id}/paper", {"what": "agreement"})
    rows = await county.store.read(lambda s: s.openings(0, 99))

    assert (sheet.status, sheet.text, sheet.headers["Content-Type"]) == (200, "%PDF-", "application/pdf")
    assert digest[:16] in printed[0]
    assert "人民调解委员会（印章）" in printed[0] or "调解委员会（印章）" in printed[0]
    assert (whole.status, "目录" in printed[1]) == (200, True)
    assert (nothing.status, unsaid.status >= 400) == (404, True)
    assert len(rows) == 1 + len((await bench.case(NANDAN, case_id))["entries"])


async def test_a_case_is_taken_away_as_evidence_closed_or_opened(bench: Bench) -> None:
    """Closed it has no key; with a reason it has, and that is written down."""
    case_id = await bench.register()
    async with visiting(bench.world[NANDAN], Role.DUTY) as browser:
        closed = await browser.get(f"/cases/{case_id}/evidence")
        opened = await browser.post(f"/cases/{case_id}/evidence", {"why": "review"})
    rows = await bench.world[NANDAN].store.read(lambda s: s.openings(0, 99))

    assert '"keys":{}' in closed.text
    assert f'"{case_id}":' in opened.text.partition("\n")[0]
    assert len(rows) == 1


async def test_nobody_writes_or_opens_without_the_role(bench: Bench) -> None:
    """The auditor reads, the reviewer opens nothing, the duty officer writes nothing, the administrator sees none."""
    case_id = await bench.register()
    paths = ("/cases", f"/cases/{case_id}", f"/cases/{case_id}/agreement", f"/cases/{case_id}/entries/{case_id}")
    expected = {
        Role.MEDIATOR: (200, True, True),
        Role.LIAISON: (200, True, True),
        Role.DUTY: (200, False, True),
        Role.REVIEWER: (200, False, False),
        Role.AUDITOR: (200, False, False),
        Role.ADMINISTRATOR: (403, False, False),
    }
    found = {}
    for role in expected:
        async with visiting(bench.world[NANDAN], role) as browser:
            shown = [await browser.get(path) for path in paths]
            write = await browser.post(f"/cases/{case_id}/acts/lead_handed", heads_in(shown[1]))
            opening = await browser.post(f"/cases/{case_id}/entries/{case_id}", {"why": "handling"})
            forms = "/acts/" in shown[1].text
        assert forms is (write.status != 403), role
        (status,) = {one.status for one in shown}
        found[role] = (status, write.status != 403, opening.status == 200)

    assert found == expected


async def test_a_case_of_others_is_not_here(bench: Bench) -> None:
    """A third county's page must say so, not break."""
    case_id = await bench.register()
    async with visiting(bench.world[HUANJIANG], Role.MEDIATOR) as browser:
        shown = await browser.get(f"/cases/{case_id}")
        entry = await browser.get(f"/cases/{case_id}/entries/{case_id}")

    assert (shown.status, entry.status) == (404, 404)


async def test_a_file_of_an_entry_is_named_and_no_other_one_is_given(bench: Bench) -> None:
    """An entry leads to the events that carry its files; a case's page is no door to any other file."""
    case_id, file_id = await bench.register(), "e" * 64
    body = {"type": written.wire("evidence_added"), "last_seen": [case_id], "content": PROOF, "evidence": [file_id]}
    answer = await bench.post(NANDAN, f"/cases/{case_id}/events", **body)
    assert answer.status == 202
    async with visiting(bench.world[NANDAN], Role.MEDIATOR) as browser:
        shown = await browser.get(f"/cases/{case_id}/entries/{answer.body['envelope_id']}")
        lost = await browser.post(f"/cases/{case_id}/files/{file_id}", {"why": "handling"})
        foreign = await browser.post(f"/cases/{case_id}/files/{case_id}", {"why": "handling"})

    assert shown.has(f"/events/{file_id}", f"/cases/{case_id}/files/{file_id}")
    assert (lost.status, foreign.status) == (404, 404)


async def test_the_page_of_the_event_is_a_way_around(bench: Bench) -> None:
    """An entry is an event, too: its own page opens it to nobody else than the case's page does."""
    case_id = await bench.register()
    found = {}
    for role in (Role.DUTY, Role.MEDIATOR, Role.REVIEWER, Role.AUDITOR):
        async with visiting(bench.world[LIBO], role) as browser:
            shown = await browser.get(f"/events/{case_id}")
            opened = await browser.post(f"/events/{case_id}/opening", {"why": "handling"})
        found[role] = ("/opening" in shown.text, opened.status, written.FIRST in opened.text)

    assert found[Role.DUTY] == found[Role.MEDIATOR] == (True, 200, True)
    assert found[Role.REVIEWER] == found[Role.AUDITOR] == (False, 403, False)
