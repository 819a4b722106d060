"""Who is told what: the same in every store."""

from dataclasses import fields, replace
from datetime import datetime, timedelta

import pytest

from schemas.escalations import (
    Change,
    DropReason,
    Escalation,
    EscalationKind,
    EscalationState,
    Hold,
    PageState,
    Silence,
    Transition,
)
from schemas.officers import AnswerWord
from schemas.page_work import PagingFigures, ReplyOutcome, ReplyTaken
from schemas.pages import Report, ReportState, Retry, Strength, Tier
from schemas.sms import CodeUse, HoldReason, PartTry, SmsTold, Suppression
from services.ports import Store, Transaction
from tests.contract.store.paging_samples import ALERT, escalation, page, work
from tests.contract.store.samples import THEM, at

FULL = escalation(
    expires_at=at(3600),
    step=2,
    next_at=at(60),
    state=EscalationState.ACKNOWLEDGED,
    owner="duty-a",
    owner_word=AnswerWord.HANDLING,
    owner_strength=Strength.VOICE_PIN,
    taken_at=at(40),
    remind_at=at(1840),
    reminders=1,
    heard=3,
    rearmed_by=2,
    overdue=True,
    gaps=(Tier.SECONDARY, Tier.LEADER),
    held=Hold.INHIBITED,
    superseded_by="cd" * 32,
    planned_at=at(41),
    revision=7,
)


async def test_every_field_of_an_escalation_and_a_page_comes_back(store: Store) -> None:
    """A field that is lost in the store is a decision that is taken anew after a restart."""
    told = page(
        state=PageState.DROPPED,
        code="37",
        submitted_at=at(5),
        report_by=at(125),
        delivered_at=at(9),
        taken_over=True,
        dropped_for=DropReason.OFF_DUTY,
    )
    defaults = {one.name for one in fields(Escalation) if getattr(FULL, one.name) == getattr(escalation(), one.name)}
    assert defaults <= {"key", "kind", "version", "incident", "level", "status", "source", "opened_at"} | {
        "acknowledge_by",
        "wake_at",
    }
    await store.write(lambda tx: tx.paging.keep(FULL))
    await store.write(lambda tx: tx.paging.add_page(told))
    assert await store.read(lambda s: s.paging.escalation(ALERT)) == FULL
    assert await store.read(lambda s: s.paging.pages_of(ALERT)) == [told]
    assert await store.read(lambda s: s.paging.page(told.page_id)) == told
    assert await store.read(lambda s: s.paging.escalation("00" * 32)) is None


async def test_what_is_to_be_planned_comes_by_its_time(store: Store) -> None:
    """And so does what was planned by a clock that was set back since: its wake-up may lie hours ahead."""
    rows = (
        escalation("a" * 64, wake_at=at(50)),
        escalation("b" * 64, wake_at=at(20)),
        escalation("c" * 64, wake_at=at(101)),
        escalation("d" * 64, wake_at=None),
        escalation("e" * 64, wake_at=at(5000), planned_at=at(4000)),
        escalation("f" * 64, wake_at=None, planned_at=at(4000)),
    )

    def keep(tx: Transaction) -> None:
        for one in rows:
            tx.paging.keep(one)

    await store.write(keep)
    due = await store.write(lambda tx: [one.key[0] for one in tx.paging.to_plan(at(100), 10)])
    assert due == ["b", "a", "e"]
    assert await store.write(lambda tx: len(tx.paging.to_plan(at(100), 2))) == 2


async def test_escalations_are_found_by_state_incident_and_version(store: Store) -> None:
    """A lower alert that is not seen to belong to a higher one is told beside it."""
    rows = (
        escalation("a" * 64, opened_at=at(3)),
        escalation("b" * 64, opened_at=at(2), state=EscalationState.CANCELLED),
        escalation("c" * 64, opened_at=at(1), state=EscalationState.EXHAUSTED),
        escalation("d" * 64, opened_at=at(4), incident="", state=EscalationState.ACKNOWLEDGED),
        escalation("e" * 64 + "/451221", opened_at=at(5), incident="", kind=EscalationKind.NEIGHBOUR, version="a" * 64),
    )

    def keep(tx: Transaction) -> None:
        for one in rows:
            tx.paging.keep(one)

    await store.write(keep)
    read = store.read
    assert [one.key[0] for one in await read(lambda s: s.paging.escalations(live_only=True, limit=9))] == [
        "e",
        "a",
        "c",
    ]
    assert [one.key[0] for one in await read(lambda s: s.paging.escalations(live_only=False, limit=2))] == ["e", "d"]
    assert [one.key[0] for one in await read(lambda s: s.paging.of_incident("flood"))] == ["c", "a"]
    assert await read(lambda s: s.paging.of_incident("")) == []
    found = await read(lambda s: s.paging.of_version("a" * 64))
    assert found is not None
    assert found.kind is EscalationKind.ALERT
    assert await read(lambda s: s.paging.of_version("9" * 64)) is None


async def test_an_alert_leads_to_what_tells_of_it(store: Store) -> None:
    """A cancellation names the alert, not the envelope; and another county's alert may have the same number."""
    await store.write(lambda tx: tx.paging.note_alert(THEM, "1", "a" * 64))
    await store.write(lambda tx: tx.paging.note_alert(THEM, "1", "b" * 64))
    assert await store.read(lambda s: s.paging.key_of_alert(THEM, "1")) == "b" * 64
    assert await store.read(lambda s: s.paging.key_of_alert("451221", "1")) is None


async def test_a_page_that_is_known_is_not_added_again(store: Store) -> None:
    """What was submitted would become due once more."""
    submitted = page(state=PageState.SUBMITTED, code="37")
    assert await store.write(lambda tx: tx.paging.add_page(submitted))
    assert not await store.write(lambda tx: tx.paging.add_page(page()))
    assert await store.read(lambda s: s.paging.page(page().page_id)) == submitted
    await store.write(lambda tx: tx.paging.keep_page(replace(submitted, state=PageState.DELIVERED)))
    (kept,) = await store.read(lambda s: s.paging.pages_of(ALERT))
    assert kept.state is PageState.DELIVERED


async def test_answers_are_numbered_within_their_escalation(store: Store) -> None:
    """The engine weighs them in this order, each once."""

    def answer(tx: Transaction) -> list[int]:
        given = [
            tx.paging.add_answer(key, officer, AnswerWord.RECEIVED, strength=Strength.SMS_NUMBER, at=at(5))
            for key, officer in ((ALERT, "duty-a"), ("cd" * 32, "duty-a"), (ALERT, "duty-b"))
        ]
        return [one.number for one in given]

    assert await store.write(answer) == [1, 1, 2]
    passed = await store.write(
        lambda tx: tx.paging.add_answer(
            ALERT, "duty-b", AnswerWord.PASSED_ON, strength=Strength.WEB_SIGNED, at=at(6), to_officer="duty-c"
        )
    )
    kept = await store.read(lambda s: s.paging.answers_to(ALERT))
    assert [one.officer for one in kept] == ["duty-a", "duty-b", "duty-b"]
    assert kept[-1] == passed


async def test_what_happened_stays_in_order(store: Store) -> None:
    """Two things of the same moment must not change places in the timeline."""
    state = EscalationState.OPEN
    told = [Transition(ALERT, one, state, state, at(1), "", "x") for one in (Change.OPENED, Change.STEP_TAKEN)]

    def write(tx: Transaction) -> None:
        for one in told:
            tx.paging.add_transition(one)

    await store.write(write)
    assert await store.read(lambda s: s.paging.transitions_of(ALERT)) == told


async def test_a_silence_can_be_ended_and_never_prolonged(store: Store) -> None:
    """Ending what has ended would bring it back."""
    order = Silence(0, "flood", "", "leader-a", by_leader=True, starts_at=at(0), ends_at=at(600), reason="演练")
    first = await store.write(lambda tx: tx.paging.add_silence(order))
    second = await store.write(lambda tx: tx.paging.add_silence(order))
    assert (first.number, second.number) == (1, 2)
    await store.write(lambda tx: tx.paging.end_silence(1, at(60)))
    await store.write(lambda tx: tx.paging.end_silence(1, at(500)))
    assert [one.number for one in await store.read(lambda s: s.paging.silences(at(59)))] == [1, 2]
    assert await store.read(lambda s: s.paging.silences(at(60))) == [second]


async def test_work_is_handed_out_by_level_and_only_once_at_a_time(store: Store) -> None:
    """A page under a lease is somebody's; when that ran out, anybody's."""
    rows = (
        work(1, level=3, next_at=at(5)),
        work(2, level=1, next_at=at(90)),
        work(3, level=1, next_at=at(101)),
        work(4, level=2, lease_until=at(130)),
        work(5, level=2, lease_until=at(99), parts=(2, 3), total=3, reference=7, provider="mobile", text="x"),
    )

    def keep(tx: Transaction) -> None:
        for one in rows:
            tx.paging.keep_work(one)

    await store.write(keep)
    due = await store.write(lambda tx: tx.paging.work_due(at(100), 10))
    assert due == [rows[1], rows[4], rows[0]]
    assert await store.read(lambda s: s.paging.next_due_at()) == at(5)
    for one in rows[:2]:
        await store.write(lambda tx, page_id=one.page_id: tx.paging.drop_work(page_id))  # type: ignore[misc]
    assert await store.read(lambda s: s.paging.next_due_at()) == at(99)
    await store.write(lambda tx: tx.paging.keep(escalation("b" * 64, wake_at=at(98))))
    await store.write(lambda tx: tx.paging.keep(escalation("c" * 64, wake_at=None)))
    assert await store.read(lambda s: s.paging.next_due_at()) == at(98)
    assert await store.read(lambda s: s.paging.work_of(rows[4].page_id)) == rows[4]
    assert await store.read(lambda s: s.paging.work_of(rows[0].page_id)) is None


async def test_a_process_that_begins_ends_every_lease(store: Store) -> None:
    """Its holder was killed: a page must not wait a minute for that."""
    await store.write(lambda tx: tx.paging.keep_work(work(lease_until=at(500))))
    await store.write(lambda tx: tx.paging.release())
    assert await store.write(lambda tx: tx.paging.work_due(at(100), 9)) == [work()]


async def test_a_report_finds_the_newest_try_under_its_reference(store: Store) -> None:
    """Providers use references again after days; an empty one names nothing."""
    first = PartTry("1" * 32, 1, 1, "mobile", at(1), "ref-1")
    again = PartTry("2" * 32, 1, 1, "mobile", at(9), "ref-1")
    refused = PartTry("2" * 32, 1, 2, "mobile", at(10), "", Retry.THROTTLED, "8")

    def keep(tx: Transaction) -> None:
        for one in (again, first, refused, replace(first, code="later")):
            tx.paging.add_try(one)

    await store.write(keep)
    assert await store.write(lambda tx: tx.paging.try_under("mobile", "ref-1")) == again
    assert await store.write(lambda tx: tx.paging.try_under("telecom", "ref-1")) is None
    assert await store.write(lambda tx: tx.paging.try_under("mobile", "")) is None
    assert await store.read(lambda s: s.paging.tries_of("2" * 32)) == [again, refused]
    assert await store.read(lambda s: s.paging.tries_of("1" * 32)) == [first]


async def test_a_report_may_come_before_anything_is_known_of_it(store: Store) -> None:
    early = Report("mobile", "ref-9", ReportState.DELIVERED, "DELIVRD", None, at(3))
    await store.write(lambda tx: tx.paging.keep_report(replace(early, state=ReportState.ACCEPTED)))
    await store.write(lambda tx: tx.paging.keep_report(early))
    assert await store.read(lambda s: s.paging.report("mobile", "ref-9")) == early
    assert await store.read(lambda s: s.paging.report("mobile", "ref-8")) is None


async def test_codes_are_kept_by_officer_and_found_by_holder(store: Store) -> None:
    """When an alert ends, the codes of everybody who was told of it begin to rest."""
    uses = (
        CodeUse("duty-a", "37", ALERT, at(5)),
        CodeUse("duty-b", "12", ALERT, at(6)),
        CodeUse("duty-a", "38", "cd" * 32, at(4), at(50)),
    )

    def keep(tx: Transaction) -> None:
        for one in uses:
            tx.paging.keep_use(one)

    await store.write(keep)
    assert await store.read(lambda s: s.paging.uses_of("duty-a")) == [uses[2], uses[0]]
    assert await store.write(lambda tx: tx.paging.holders(ALERT)) == [uses[0], uses[1]]
    await store.write(lambda tx: tx.paging.keep_use(replace(uses[0], closed_at=at(60))))
    assert await store.write(lambda tx: tx.paging.holders(ALERT)) == [uses[1]]


async def test_what_was_told_and_held_back_is_kept_by_officer(store: Store) -> None:
    told = SmsTold("duty-a", at(10), "4512", (("flood", 1), ("11B03@4512", 2)), "ab" * 32)
    held = [
        Suppression(f"{n:032x}", "duty-a", "flood", "4512", 2, HoldReason.GROUP_INTERVAL, "b1", at(n), at(60))
        for n in (2, 1)
    ]

    def keep(tx: Transaction) -> None:
        tx.paging.add_told(told)
        tx.paging.add_told(replace(told, told_at=at(1)))
        for one in held:
            tx.paging.keep_suppression(one)

    await store.write(keep)
    assert await store.read(lambda s: s.paging.told_to("duty-a", at(5))) == [told]
    assert await store.read(lambda s: s.paging.held_for("duty-a")) == [held[1], held[0]]
    sent = replace(held[0], told_at=at(61))
    await store.write(lambda tx: tx.paging.keep_suppression(sent))
    assert await store.read(lambda s: s.paging.held_for("duty-a")) == [held[1]]
    assert await store.write(lambda tx: tx.paging.members_of("b1")) == [held[1], sent]
    assert await store.read(lambda s: s.paging.suppression(sent.page_id)) == sent


async def test_a_reply_that_comes_twice_is_taken_once(store: Store) -> None:
    """A gateway that got no confirmation sends it again: one answer, one text back."""
    reply = ReplyTaken("ab" * 32, "mobile", "duty-a", "37收到", ReplyOutcome.ANSWERED, at(7))
    assert await store.write(lambda tx: tx.paging.take_reply(reply))
    assert not await store.write(lambda tx: tx.paging.take_reply(replace(reply, text="误报")))
    assert await store.read(lambda s: s.paging.replies_of("duty-a", at(7))) == [reply]
    assert await store.read(lambda s: s.paging.replies_of("duty-a", at(8))) == []


@pytest.mark.parametrize("limit", [1, 100])
async def test_what_is_old_is_forgotten_but_nothing_that_still_counts(store: Store, limit: int) -> None:
    """A page still to go out and an SMS that nobody was told of stay, however old; an old code begins to rest."""
    old, new = at(0), at(0) + timedelta(days=4)

    def keep(tx: Transaction) -> None:
        book = tx.paging
        for when, name in ((old, "a"), (new, "b")):
            book.add_try(PartTry(name * 32, 1, 1, "mobile", when, name))
            book.keep_report(Report("mobile", name, ReportState.DELIVERED, "", None, when))
            book.keep_use(CodeUse("duty-a", "10", name, when, when))
            book.add_told(SmsTold("duty-a", when, "4512", (), name))
            book.take_reply(ReplyTaken(name * 64, "mobile", "duty-a", "", ReplyOutcome.ANSWERED, when))
        book.add_try(PartTry("c" * 32, 1, 1, "mobile", old, "c"))
        book.keep_work(work(page_id="c" * 32))
        book.keep_use(CodeUse("duty-a", "11", "open", old))
        book.keep_suppression(
            Suppression("d" * 32, "duty-a", "g", "4512", 3, HoldReason.GROUP_WAIT, "", old, old + timedelta(minutes=1))
        )

    await store.write(keep)
    before = old + timedelta(days=3)
    gone = [await store.write(lambda tx: tx.paging.forget(before, limit)) for _ in range(2)]
    assert gone == [5, 0]
    assert await store.read(lambda s: (s.paging.tries_of("a" * 32), s.paging.report("mobile", "a"))) == ([], None)
    assert await store.read(lambda s: len(s.paging.tries_of("b" * 32) + s.paging.tries_of("c" * 32))) == 2
    uses = await store.read(lambda s: s.paging.uses_of("duty-a"))
    assert [(one.holder, one.closed_at) for one in uses] == [("open", before), ("b", new)]
    assert await store.read(lambda s: len(s.paging.held_for("duty-a"))) == 1
    assert await store.read(lambda s: len(s.paging.told_to("duty-a", datetime.min.replace(tzinfo=old.tzinfo)))) == 1


async def test_what_waits_is_counted(store: Store) -> None:
    """A queue that grows unseen is found out at the next alert."""
    assert await store.read(lambda s: s.paging.figures()) == PagingFigures()
    states = (EscalationState.OPEN, EscalationState.OPEN, EscalationState.EXHAUSTED, EscalationState.ACKNOWLEDGED)

    def keep(tx: Transaction) -> None:
        for number, state in enumerate(states):
            tx.paging.keep(escalation(f"{number:064x}", state=state))
        for number in (1, 2):
            tx.paging.keep_work(work(number, next_at=at(number)))
        held = Suppression("d" * 32, "duty-a", "g", "4512", 3, HoldReason.GROUP_WAIT, "", at(0), at(60))
        tx.paging.keep_suppression(held)
        tx.paging.keep_suppression(replace(held, page_id="e" * 32, told_at=at(5)))

    await store.write(keep)
    assert await store.read(lambda s: s.paging.figures()) == PagingFigures(2, 1, 2, at(1), 1)


async def test_a_work_that_fails_leaves_nothing(store: Store) -> None:
    """A plan is written whole or not at all."""

    def failing(tx: Transaction) -> None:
        tx.paging.keep(escalation())
        tx.paging.add_page(page())
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await store.write(failing)
    assert await store.read(lambda s: (s.paging.escalation(ALERT), s.paging.pages_of(ALERT))) == (None, [])
