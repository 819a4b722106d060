"""Passwords, sessions and roles afterwards: what an officer changes, and what the administrator takes away."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime

import pytest

from schemas.access import Scope
from schemas.documents import SignedDocument
from schemas.errors import Fault
from schemas.officers import Role
from services.console.lobby import REFUSED
from services.domain.encoding import to_base64url
from services.domain.sessions import digest_of_secret
from services.domain.signatures import signature_holds
from tests.entering import DESK, ELSEWHERE, PASSWORD, House, Officer, Papers, Telephone, sure

NEW = "十里洋场 9 枚铜钱 umbrella"


@pytest.fixture
async def house() -> House:
    """A county whose console nobody has entered."""
    return House()


@pytest.fixture
async def admin(house: House) -> Officer:
    """管理员甲."""
    return await house.enrolled("admin-a", Role.ADMINISTRATOR)


@pytest.fixture
async def duty(house: House) -> Officer:
    """值班员甲."""
    return await house.enrolled("duty-a", Role.DUTY)


def code_of(value: object) -> str:
    """Return the code of what must be refused."""
    assert isinstance(value, Fault), value
    return value.code


async def test_a_new_password_keeps_the_key_and_ends_the_other_sessions(house: House, duty: Officer) -> None:
    """Who changes it fears that somebody has the old one: he is out, and answers are signed as before."""
    other = await house.entered(duty, ELSEWHERE)
    by = await house.visitor(duty)
    assert await house.door.accounts.change_password(by, duty.secret, PASSWORD, NEW, DESK) is None
    assert await house.door.entering.visitor_of(other.secret) is None
    assert await house.door.entering.visitor_of(duty.secret) is not None
    assert await house.door.entering.log_in("duty-a", PASSWORD, DESK) == REFUSED
    half = await house.half("duty-a", NEW)
    entered = sure(await house.door.entering.by_totp(half.secret, duty.telephone.code(), DESK))
    account = await house.lobby.store.read(lambda one: one.console.account("duty-a"))
    signature = await house.door.entering.signed(entered.secret, b"said")
    assert account is not None
    assert signature is not None
    assert signature_holds(to_base64url(account.public), b"said", to_base64url(signature))


async def test_a_password_is_changed_by_who_knows_it(house: House, duty: Officer) -> None:
    """An open screen must not be enough to take an account over; nor may one guess there."""
    by = await house.visitor(duty)
    for _ in range(5):
        wrong = await house.door.accounts.change_password(by, duty.secret, "not this one at all", NEW, DESK)
        assert code_of(wrong) == "account.wrong_password"
    locked = await house.door.accounts.change_password(by, duty.secret, PASSWORD, NEW, DESK)
    assert code_of(locked) == "entering.locked"


async def test_a_new_password_is_judged(house: House, duty: Officer) -> None:
    """The rule of enrolling is the rule of later."""
    by = await house.visitor(duty)
    found = await house.door.accounts.change_password(by, duty.secret, PASSWORD, "short", DESK)
    assert isinstance(found, Fault)
    assert (found.code, found.field) == ("password.too_short", "new_password")


async def test_new_recovery_codes_replace_the_old_ones(house: House, duty: Officer) -> None:
    """The note was photographed."""
    by, accounts = await house.visitor(duty), house.door.accounts
    proof = await house.proof(duty)
    wrong = await accounts.renew_recovery(by, duty.secret, replace(proof, password="not this one"), DESK)  # noqa: S106
    assert code_of(wrong) == "account.wrong_password"
    codes = sure(await accounts.renew_recovery(by, duty.secret, proof, DESK))
    half = await house.half("duty-a")
    assert code_of(await house.door.entering.by_recovery(half.secret, duty.codes[0], DESK)) == "entering.recovery"
    sure(await house.door.entering.by_recovery(half.secret, codes[0], DESK))


async def test_a_stolen_cookie_is_worth_nothing_once_revoked(house: House, duty: Officer) -> None:
    """The officer sees a session that is not hers, and ends it."""
    stolen = await house.entered(duty, ELSEWHERE)
    by = await house.visitor(duty)
    lines = await house.door.accounts.sessions(by)
    strange = next(one for one in lines if one.address == ELSEWHERE.address)
    assert [one.here for one in lines if one.name != strange.name] == [True]
    assert await house.door.accounts.revoke(by, strange.name) is None
    assert await house.door.entering.visitor_of(stolen.secret) is None
    assert await house.door.entering.signed(stolen.secret, b"said") is None
    assert code_of(await house.door.accounts.revoke(by, strange.name)) == "account.no_such_session"
    assert ("duty-a", "session.revoked", "duty-a") in await house.acts()


async def test_sessions_of_others_are_the_administrators(house: House, duty: Officer, admin: Officer) -> None:
    """An officer must not throw a colleague out; the administrator must be able to."""
    by, keeper = await house.visitor(duty), await house.visitor(admin)
    assert {one.officer for one in await house.door.accounts.sessions(by, of_all=True)} == {"duty-a"}
    everybody = await house.door.accounts.sessions(keeper, of_all=True)
    name = next(one.name for one in everybody if one.officer == "admin-a")
    assert code_of(await house.door.accounts.revoke(by, name)) == "account.no_such_session"
    assert code_of(await house.door.accounts.revoke(keeper, "")) == "account.no_such_session"
    mine = next(one.name for one in everybody if one.officer == "duty-a")
    assert await house.door.accounts.revoke(keeper, mine) is None
    assert await house.door.entering.visitor_of(duty.secret) is None


async def test_a_disabled_officer_is_out_everywhere(house: House, duty: Officer, admin: Officer) -> None:
    """He left on bad terms: browser, credential and tokens end at once."""
    half = await house.half("duty-a")
    assert await house.door.accounts.disable(await house.visitor(admin), "duty-a") is None
    assert await house.door.entering.visitor_of(duty.secret) is None
    assert code_of(await house.door.entering.by_totp(half.secret, duty.telephone.code(), DESK)) == "entering.no_session"
    assert await house.door.entering.log_in("duty-a", PASSWORD, DESK) == REFUSED
    assert "duty-a" not in house.directory.credentials
    assert house.papers.tokens_revoked == ["duty-a"]
    assert ("admin-a", "account.disabled", "duty-a") in await house.acts()


async def test_a_reset_makes_a_new_key_and_lets_no_administrator_in(
    house: House, duty: Officer, admin: Officer
) -> None:
    """The administrator can lock her out, and cannot answer in her name with the key that was certified before."""
    before = await house.lobby.store.read(lambda one: one.console.account("duty-a"))
    invited = sure(await house.door.accounts.reset(await house.visitor(admin), "duty-a"))
    assert await house.door.entering.visitor_of(duty.secret) is None
    assert "duty-a" not in house.directory.credentials
    again = await house.enrolled("duty-a", invitation=invited.secret, password=NEW)
    after = await house.lobby.store.read(lambda one: one.console.account("duty-a"))
    assert before is not None
    assert after is not None
    assert before.public != after.public
    assert (await house.visitor(again)).officer == "duty-a"


async def test_roles_change_with_a_new_certificate_for_the_same_key(
    house: House, duty: Officer, admin: Officer
) -> None:
    """Else partners go on reading the old ones; and an open session would keep the old scopes."""
    keeper = await house.visitor(admin)
    assert (
        code_of(await house.door.accounts.change_roles(keeper, "duty-a", "值班员甲", [Role.DUTY, Role.ADMINISTRATOR]))
        == "roles.not_together"
    )
    assert await house.door.accounts.change_roles(keeper, "duty-a", "联络员甲", [Role.LIAISON]) is None
    assert await house.door.entering.visitor_of(duty.secret) is None
    entered = await house.entered(duty)
    visitor = await house.door.entering.visitor_of(entered.secret)
    assert visitor is not None
    assert visitor.display_name == "联络员甲"
    assert Scope.ERASE in visitor.access.scopes


async def test_an_end_voids_an_invitation_made_by_command(house: House, duty: Officer, admin: Officer) -> None:
    """A link from last week is in the drawer of who was put out today; one that is made after it is good."""
    told = house.told(duty.name, Role.DUTY)
    paper = house.papers.invited(digest_of_secret(told))
    assert paper is not None
    await house.clock.move(60)
    assert await house.door.accounts.disable(await house.visitor(admin), "duty-a") is None
    assert house.papers.invited(paper.digest) is None
    house.papers.invitations[paper.digest] = paper  # as a copy of the directory that is put back would
    assert code_of(await house.door.enrolling.invitation_of(told)) == "invitation.used"
    assert code_of(await house.door.enrolling.enrol(told, NEW, DESK)) == "invitation.used"
    await house.clock.move(1)
    assert (await house.visitor(await house.enrolled("duty-a", Role.DUTY, password=NEW))).officer == "duty-a"


class Race:
    """Lets something happen between the first look at an account and the certificate."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Stand in the way of the next certificate."""
        self.meanwhile: list[Callable[[], Coroutine[None, None, object]]] = []
        self.happened: list[object] = []
        keep, loop = Papers.keep, asyncio.get_running_loop()

        def slow(papers: Papers, officer: str, document: SignedDocument, now: datetime) -> None:
            while self.meanwhile:
                self.happened.append(asyncio.run_coroutine_threadsafe(self.meanwhile.pop()(), loop).result(20))
            keep(papers, officer, document, now)

        monkeypatch.setattr(Papers, "keep", slow)


@pytest.mark.parametrize("resets", [False, True])
async def test_who_is_put_out_while_roles_change_has_no_certificate(
    house: House, duty: Officer, admin: Officer, monkeypatch: pytest.MonkeyPatch, *, resets: bool
) -> None:
    """Two administrators at once: partners would go on believing an officer who was put out, and nobody would see."""
    keeper, race = await house.visitor(admin), Race(monkeypatch)
    end = house.door.accounts.reset if resets else house.door.accounts.disable
    race.meanwhile.append(lambda: end(keeper, duty.name))
    found = await house.door.accounts.change_roles(keeper, "duty-a", "联络员甲", [Role.LIAISON])
    assert code_of(found) == "account.not_in_force"
    assert len(race.happened) == 1
    assert "duty-a" not in house.directory.credentials
    kept = await house.lobby.store.read(lambda one: one.console.account("duty-a"))
    assert kept is not None
    assert (kept.roles, kept.disabled_at is None) == ((Role.DUTY,), False)
    assert "account.roles_changed" not in [act for _, act, _ in await house.acts()]


async def test_who_is_put_out_while_enrolling_has_no_certificate(
    house: House, admin: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Disabled between the code and the certificate."""
    keeper = await house.visitor(admin)
    half = sure(await house.door.enrolling.enrol(house.told("duty-b", Role.DUTY), PASSWORD, DESK))
    telephone = Telephone(sure(await house.door.enrolling.enrolment_of(half.secret)).secret, house.clock)
    race = Race(monkeypatch)
    race.meanwhile.append(lambda: house.door.accounts.disable(keeper, "duty-b"))
    found = await house.door.enrolling.confirm(half.secret, telephone.code(), DESK)
    assert code_of(found) == "entering.no_session"
    assert race.happened == [None]
    assert "duty-b" not in house.directory.credentials


async def test_no_administrator_locks_himself_out(house: House, admin: Officer) -> None:
    """Nobody would be left to let him in again."""
    keeper = await house.visitor(admin)
    for found in (
        await house.door.accounts.disable(keeper, "admin-a"),
        await house.door.accounts.reset(keeper, "admin-a"),
        await house.door.accounts.change_roles(keeper, "admin-a", "x", [Role.DUTY]),
    ):
        assert code_of(found) == "account.own"
    assert code_of(await house.door.accounts.disable(keeper, "nobody")) == "account.unknown"


async def test_who_is_no_administrator_keeps_no_accounts(house: House, duty: Officer) -> None:
    """Each of them asks for the role itself, whatever a page may have forgotten."""
    by = await house.visitor(duty)
    for found in (
        await house.door.accounts.accounts(by),
        await house.door.accounts.invitations(by),
        await house.door.accounts.take_invitation_back(by, "0" * 64),
        await house.door.accounts.reset(by, "duty-a"),
        await house.door.accounts.disable(by, "duty-a"),
        await house.door.accounts.change_roles(by, "duty-a", "x", [Role.LIAISON]),
    ):
        assert code_of(found) == "access.role"


async def test_accounts_are_listed_without_secrets(house: House, duty: Officer, admin: Officer) -> None:
    """The list is on a screen that others see."""
    lines = sure(await house.door.accounts.accounts(await house.visitor(admin)))
    assert [(one.officer, one.confirmed, one.recovery_left) for one in lines] == [
        ("admin-a", True, 10),
        ("duty-a", True, 10),
    ]
    assert duty.telephone.secret not in repr(lines)
    assert "argon2" not in repr(lines)


async def test_pages_put_on_record_what_people_do(house: House, duty: Officer) -> None:
    """Every act of a person is a line."""
    await house.door.audit.note(await house.visitor(duty), "event.submitted", "ab" * 32, "预警")
    assert (await house.acts())[-1] == ("duty-a", "event.submitted", "ab" * 32)
