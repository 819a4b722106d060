"""Accounts, invitations, sessions, failures and the audit log: the same for every store."""

from dataclasses import replace
from typing import Final

import pytest

from schemas.consoles import Account, AuditEntry, Invitation, SecurityKey, Session, Stage, Tally
from schemas.errors import Fault, RequestError
from schemas.officers import Role
from services.domain.audit import NONE_YET, AuditVerdict, go_on, next_entry
from services.ports import Store, Transaction
from tests.contract.store.samples import at, hexed

ACCOUNT: Final = Account(
    officer="duty-a",
    display_name="值班员甲",
    roles=(Role.DUTY, Role.LIAISON),
    password_hash="$argon2id$…",  # noqa: S106 - of nobody
    key_salt=b"s" * 16,
    sealed_key=b"\x00sealed",
    public=b"p" * 32,
    sealed_totp=b"\xffsealed",
    last_step=0,
    created_at=at(1),
    password_at=at(1),
)


def session(name: str, officer: str = "duty-a", *, seen: float = 5) -> Session:
    """A session that ends at 100."""
    return Session(hexed("session", name), officer, Stage.FULL, at(1), at(seen), at(100), "192.0.2.7", "b", b"\x00k")


def invitation(name: str, *, made: float = 1, ends: float = 50, officer: str = "duty-b") -> Invitation:
    """An invitation."""
    return Invitation(hexed("invitation", name), officer, "值班员乙", (Role.DUTY,), "admin-a", at(made), at(ends))


async def test_an_account_comes_back_as_it_was_kept(store: Store) -> None:
    """Bytes, roles in order, times that are not there."""
    assert await store.read(lambda s: s.console.account("duty-a")) is None
    await store.write(lambda tx: tx.console.keep_account(ACCOUNT))
    assert await store.read(lambda s: s.console.account("duty-a")) == ACCOUNT
    changed = replace(ACCOUNT, last_step=7, confirmed_at=at(9), disabled_at=at(10))
    await store.write(lambda tx: tx.console.keep_account(changed))
    await store.write(lambda tx: tx.console.keep_account(replace(ACCOUNT, officer="admin-a")))
    assert await store.read(lambda s: s.console.accounts()) == [replace(ACCOUNT, officer="admin-a"), changed]


async def test_security_keys_are_each_officers_own(store: Store) -> None:
    """Nobody takes a colleague's key away."""
    first = SecurityKey("aa", "duty-a", b"one", 0, "蓝", at(2))
    second = SecurityKey("bb", "duty-a", b"two", 3, "红", at(1))
    for one in (first, second, replace(first, credential_id="cc", officer="duty-b")):
        await store.write(lambda tx, one=one: tx.console.keep_security_key(one))  # type: ignore[misc]
    assert await store.read(lambda s: s.console.security_keys("duty-a")) == [second, first]
    await store.write(lambda tx: tx.console.keep_security_key(replace(first, sign_count=9)))
    assert not await store.write(lambda tx: tx.console.drop_security_key("duty-b", "aa"))
    assert await store.write(lambda tx: tx.console.drop_security_key("duty-a", "bb"))
    assert await store.read(lambda s: s.console.security_keys("duty-a")) == [replace(first, sign_count=9)]


async def test_a_recovery_code_is_used_once(store: Store) -> None:
    """By its own officer; new ones replace the old."""
    await store.write(lambda tx: tx.console.put_recovery("duty-a", ["a", "b"]))
    await store.write(lambda tx: tx.console.put_recovery("duty-b", ["a"]))
    assert await store.write(lambda tx: tx.console.use_recovery("duty-a", "a"))
    assert not await store.write(lambda tx: tx.console.use_recovery("duty-a", "a"))
    assert await store.read(lambda s: (s.console.recovery_left("duty-a"), s.console.recovery_left("duty-b"))) == (1, 1)
    await store.write(lambda tx: tx.console.put_recovery("duty-a", ["c", "d", "e"]))
    assert not await store.write(lambda tx: tx.console.use_recovery("duty-a", "b"))
    assert await store.read(lambda s: s.console.recovery_left("duty-a")) == 3


async def test_invitations_that_count_are_listed_the_newest_first(store: Store) -> None:
    """Used ones and ended ones are still known: they must not count twice."""
    old, new, used = invitation("old"), invitation("new", made=2), replace(invitation("used"), used_at=at(3))
    ended = invitation("ended", ends=9)
    for one in (old, new, used, ended):
        await store.write(lambda tx, one=one: tx.console.keep_invitation(one))  # type: ignore[misc]
    assert await store.read(lambda s: s.console.invitations(at(9))) == [new, old]
    assert await store.read(lambda s: s.console.invitation(used.digest)) == used
    assert await store.read(lambda s: s.console.invitation("0" * 64)) is None


async def test_sessions_end_one_by_one_and_all_of_an_officer(store: Store) -> None:
    """Logged out here, thrown out everywhere."""
    one, two, other = session("one"), session("two", seen=9), session("other", "duty-b")
    for each in (one, two, other):
        await store.write(lambda tx, each=each: tx.console.keep_session(each))  # type: ignore[misc]
    assert await store.read(lambda s: s.console.sessions("duty-a")) == [two, one]
    assert len(await store.read(lambda s: s.console.sessions())) == 3
    await store.write(lambda tx: tx.console.keep_session(replace(one, seen_at=at(20), challenge="ab")))
    assert await store.read(lambda s: s.console.session(one.digest)) == replace(one, seen_at=at(20), challenge="ab")
    assert await store.write(lambda tx: tx.console.drop_session(two.digest))
    assert not await store.write(lambda tx: tx.console.drop_session(two.digest))
    assert await store.write(lambda tx: tx.console.drop_sessions("duty-a")) == 1
    assert await store.write(lambda tx: tx.console.drop_sessions("duty-a")) == 0
    assert await store.read(lambda s: s.console.sessions()) == [other]


async def test_what_has_ended_is_tidied_away(store: Store) -> None:
    """Rows of strangers who only guessed must not fill the disk; a lock in force stays."""
    stays, goes = Tally("officer:a", 3, at(50)), Tally("officer:b", 3, at(10))
    locked = Tally("address:c", 9, at(10), at(200))

    def fill(tx: Transaction) -> None:
        for tally in (stays, goes, locked):
            tx.console.keep_tally(tally)
        tx.console.keep_session(session("one"))
        tx.console.keep_session(replace(session("two"), ends_at=at(300)))
        tx.console.keep_invitation(invitation("old", ends=5))
        tx.console.keep_invitation(invitation("new", ends=50))

    await store.write(fill)
    await store.write(lambda tx: tx.console.tidy(at(100), tallies_before=at(40), invitations_before=at(6)))
    assert await store.read(lambda s: [s.console.tally(one.key) for one in (stays, goes, locked)]) == [
        stays,
        None,
        locked,
    ]
    assert [one.ends_at for one in await store.read(lambda s: s.console.sessions())] == [at(300)]
    assert await store.read(lambda s: s.console.invitation(hexed("invitation", "old"))) is None
    assert await store.read(lambda s: s.console.invitation(hexed("invitation", "new"))) is not None
    await store.write(lambda tx: tx.console.drop_tally("officer:a"))
    assert await store.read(lambda s: s.console.tally("officer:a")) is None


async def logged(store: Store, count: int) -> list[AuditEntry]:
    """Write so many acts down, all in one transaction, and return them."""

    def work(tx: Transaction) -> None:
        for number in range(count):
            now = at(number)
            tx.console.log_act(
                next_entry(tx.console.last_audit(), officer="duty-a", act="event.read", about=str(number), now=now)
            )

    await store.write(work)
    return await store.read(lambda s: s.console.audit(0, 999))


async def test_the_audit_log_is_read_in_order_and_holds(store: Store) -> None:
    """Entries of one transaction see those before them; microseconds come back whole."""
    assert await store.read(lambda s: s.console.last_audit()) is None
    rows = await logged(store, 5)
    assert [one.number for one in rows] == [1, 2, 3, 4, 5]
    assert rows[0].previous == NONE_YET
    assert go_on(AuditVerdict(), rows).holds
    assert await store.read(lambda s: s.console.audit(2, 2)) == rows[2:4]
    assert await store.read(lambda s: s.console.audit_of("event.read", 2)) == [rows[-1], rows[-2]]
    assert await store.read(lambda s: s.console.audit_of("event.sent", 9)) == []
    assert await store.read(lambda s: s.console.last_audit()) == rows[-1]


async def test_old_entries_go_from_the_front(store: Store) -> None:
    """The law wants half a year; a disk does not want for ever."""
    rows = await logged(store, 5)
    await store.write(lambda tx: tx.console.prune_audit(3))
    assert await store.read(lambda s: s.console.audit(0, 9)) == rows[3:]


async def test_a_failed_work_lets_nobody_in(store: Store) -> None:
    """A session and the line that tells of it come together, or not at all."""

    def failing(tx: Transaction) -> None:
        tx.console.keep_session(session("one"))
        tx.console.log_act(next_entry(None, officer="duty-a", act="entering.logged_in", now=at(1)))
        raise RequestError(Fault("request.invalid", "x", "mend it"))

    await store.write(lambda tx: tx.console.keep_account(ACCOUNT))
    with pytest.raises(RequestError):
        await store.write(failing)
    assert await store.read(lambda s: s.console.sessions()) == []
    assert await store.read(lambda s: s.console.last_audit()) is None
    assert await store.read(lambda s: s.console.account("duty-a")) == ACCOUNT
