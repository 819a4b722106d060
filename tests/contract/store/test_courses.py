"""Courses of work: steps recorded with their links, and what each course stands at; the same in every store."""

import contextlib
from dataclasses import replace

from schemas.courses import CourseKind, CourseRow, CourseStep
from services.ports import Store, Transaction
from tests.contract.store.samples import ALERT, BULLETIN, THEM, US, at, chain, envelope, link

SERVICE = CourseKind.SERVICE
ONE, TWO = "1" * 32, "2" * 32


def step(course_id: str, kind: CourseKind = SERVICE, facts: str = '{"step_no":1}') -> CourseStep:
    """A step of a course."""
    return CourseStep(kind, course_id, BULLETIN, facts)


def recorded(tx: Transaction, source: str, *steps: CourseStep, refused: bool = False) -> None:
    """Record one link per step on a chain of ``source``."""
    name = f"of {source}"
    found = tx.chains.current(envelope(channel=name).header.channel) or tx.chains.open(chain(name, source=source))
    for seq, one in enumerate(steps, found.head.seq + 1):
        made = envelope(seq, channel=name, wire_type=ALERT, source=source, to=(US,) if source != US else (THEM,))
        tx.outbox.record([link(found.number, made, about=one, refused=refused)])
        tx.chains.advance(found.number, made.link.position)


def row(course_id: str, kind: CourseKind = SERVICE, **changes: object) -> CourseRow:
    """What a course stands at."""
    plain = CourseRow(kind, course_id, state="at_work", open=True, look_at=None, opened_at=at(1), counties=(US, THEM))
    return replace(plain, **changes)  # type: ignore[arg-type]


async def test_steps_are_found_by_course_in_their_order(store: Store) -> None:
    """With who took them and when; those of other courses and kinds are not among them."""
    await store.write(lambda tx: recorded(tx, US, step(ONE), step(TWO), step(ONE, facts='{"step_no":2}')))
    await store.write(lambda tx: recorded(tx, THEM, step(ONE, facts='{"step_no":3}'), step(ONE, CourseKind.REFERRAL)))
    found = await store.read(lambda s: s.steps_of(SERVICE, ONE))
    assert [one.step.facts for one in found] == ['{"step_no":1}', '{"step_no":2}', '{"step_no":3}']
    assert [one.source for one in found] == [US, US, THEM]
    assert [one.to for one in found] == [(THEM,), (THEM,), (US,)]
    events = [await store.read(lambda s, one=one: s.event(one.envelope_id)) for one in found]  # type: ignore[misc]
    headers = [event.envelope.header for event in events if event is not None]
    assert [(one.time, one.agreement_id) for one in found] == [(one.time, one.agreement_id) for one in headers]
    assert await store.read(lambda s: s.steps_of(SERVICE, "3" * 32)) == []


async def test_a_step_is_seen_in_its_own_work_and_undone_with_it(store: Store) -> None:
    """The rules are asked before the commit, and a work that fails has taken no step."""

    def work(tx: Transaction) -> int:
        recorded(tx, US, step(ONE))
        tx.course_book.keep(row(ONE))
        return len(tx.steps_of(SERVICE, ONE)) + len(tx.courses(SERVICE, open_only=True, limit=9))

    def failing(tx: Transaction) -> None:
        work(tx)
        raise ConnectionAbortedError

    with contextlib.suppress(ConnectionAbortedError):
        await store.write(failing)
    assert await store.read(lambda s: s.steps_of(SERVICE, ONE)) == []
    assert await store.read(lambda s: s.courses(SERVICE, open_only=False, limit=9)) == []
    assert await store.write(work) == 2


async def test_what_was_refused_is_no_step(store: Store) -> None:
    """The chain goes on over it; the course does not."""
    await store.write(lambda tx: recorded(tx, THEM, step(ONE), refused=True))
    assert await store.read(lambda s: s.steps_of(SERVICE, ONE)) == []


async def test_the_course_that_moved_last_comes_first(store: Store) -> None:
    """Closed ones only where they are asked for; the newest word on each alone."""

    def work(tx: Transaction) -> None:
        recorded(tx, US, step(ONE))
        tx.course_book.keep(row(ONE))
        recorded(tx, US, step(TWO))
        tx.course_book.keep(row(TWO, state="closed", open=False))
        recorded(tx, US, step(ONE))
        tx.course_book.keep(row(ONE, state="decided"))

    await store.write(work)
    both = await store.read(lambda s: s.courses(SERVICE, open_only=False, limit=9))
    assert both == [row(ONE, state="decided"), row(TWO, state="closed", open=False)]
    assert await store.read(lambda s: s.courses(SERVICE, open_only=True, limit=9)) == both[:1]
    assert await store.read(lambda s: s.courses(SERVICE, open_only=False, limit=1)) == both[:1]
    assert await store.read(lambda s: s.courses(CourseKind.REFERRAL, open_only=False, limit=9)) == []


async def test_what_is_due_is_found(store: Store) -> None:
    """What waits longest first; what was put off, or is done, not."""

    def work(tx: Transaction) -> None:
        for course_id, second in ((ONE, 20), (TWO, 10), ("3" * 32, 30)):
            recorded(tx, US, step(course_id))
            tx.course_book.keep(row(course_id, look_at=at(second)))
        recorded(tx, US, step("4" * 32))
        tx.course_book.keep(row("4" * 32))

    await store.write(work)
    due = await store.read(lambda s: s.courses_due(SERVICE, at(20), 9))
    assert [one.course_id for one in due] == [TWO, ONE]
    assert await store.read(lambda s: s.courses_due(SERVICE, at(20), 1)) == due[:1]
    await store.write(lambda tx: tx.course_book.keep(row(TWO, look_at=at(40))))
    await store.write(lambda tx: tx.course_book.keep(row(ONE)))
    assert await store.read(lambda s: s.courses_due(SERVICE, at(20), 9)) == []
    assert await store.read(lambda s: s.courses_due(CourseKind.REFERRAL, at(99), 9)) == []
