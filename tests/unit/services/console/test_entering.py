"""Letting officers in: two factors, each once; and everybody else stays out, however he tries."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.passwords.argon import ArgonHasher
from adapters.sqlite.store import open_store
from schemas.access import Scope
from schemas.consoles import Factor
from schemas.errors import Fault
from schemas.officers import Role
from services.console.door import Door
from services.console.lobby import REFUSED, Caller
from services.console.proving import Proof
from services.domain.encoding import to_base64url
from services.domain.lockout import ADDRESS, OFFICER
from services.domain.one_time import STEP_SECONDS
from services.domain.signatures import signature_holds
from tests import papers
from tests.entering import DESK, ELSEWHERE, PASSWORD, House, Officer, SoftwareKey, sure


@pytest.fixture
async def house() -> House:
    """A county whose console nobody has entered."""
    return House()


@pytest.fixture
async def duty(house: House) -> Officer:
    """值班员甲, enrolled."""
    return await house.enrolled("duty-a", Role.DUTY)


def code_of(value: object) -> str:
    """Return the code of what must be refused."""
    assert isinstance(value, Fault), value
    return value.code


async def test_two_factors_make_a_visitor_with_what_the_roles_allow(house: House, duty: Officer) -> None:
    """Else the desk is dark, or shows more than the role may see."""
    entered = await house.entered(duty)
    visitor = await house.door.entering.visitor_of(entered.secret)
    assert visitor is not None
    assert (visitor.officer, visitor.display_name, visitor.roles) == ("duty-a", "duty-a 甲", frozenset({Role.DUTY}))
    assert set(visitor.access.scopes) == {
        Scope.EVENTS_READ,
        Scope.EVENTS_WRITE,
        Scope.ACKNOWLEDGE,
        Scope.OPERATE,
        Scope.ROSTER_WRITE,
    }
    assert visitor.access.officer == "duty-a"


async def test_a_password_alone_opens_nothing(house: House, duty: Officer) -> None:
    """A password that was looked over the shoulder must not be enough."""
    half = await house.half(duty.name)
    assert await house.door.entering.visitor_of(half.secret) is None
    assert await house.door.entering.signed(half.secret, b"anything") is None
    assert set(half.factors) == {Factor.TOTP, Factor.RECOVERY}
    assert await house.door.entering.half_way(half.secret) == half


async def test_an_unknown_officer_and_a_wrong_password_are_told_the_same(house: House, duty: Officer) -> None:
    """Else a stranger learns who works here."""
    unknown = await house.door.entering.log_in("nobody", PASSWORD, DESK)
    wrong = await house.door.entering.log_in(duty.name, "another one, also long", DESK)
    assert unknown == wrong == REFUSED


class CountingHasher(ArgonHasher):
    """Counts how much work each question was."""

    def __init__(self) -> None:
        """A cheap one."""
        super().__init__(memory_kib=8, passes=1)
        self.work: list[str] = []

    async def matches(self, kept: str, password: str) -> bool:
        """Count a comparison."""
        self.work.append("matches")
        return await super().matches(kept, password)

    async def derive(self, password: str, salt: bytes) -> bytes:
        """Count a derivation."""
        self.work.append("derive")
        return await super().derive(password, salt)


def listening(house: House) -> CountingHasher:
    """Let a house count its work with passwords."""
    hasher = CountingHasher()
    house.lobby = replace(house.lobby, hasher=hasher)
    house.door = Door.of(house.lobby)
    return hasher


async def test_an_unknown_officer_costs_what_a_wrong_password_costs(house: House, duty: Officer) -> None:
    """Else a stop watch tells who works here; a disabled one, too, and one whose password is far too long."""
    hasher = listening(house)
    for officer, password in (("nobody", PASSWORD), (duty.name, "not this one at all"), (duty.name, "x" * 9999)):
        assert await house.door.entering.log_in(officer, password, DESK) == REFUSED
    admin = await house.visitor(await house.enrolled("admin-a", Role.ADMINISTRATOR))
    await house.door.accounts.disable(admin, duty.name)
    hasher.work = hasher.work[:3]
    assert await house.door.entering.log_in(duty.name, PASSWORD, DESK) == REFUSED
    assert hasher.work == ["matches"] * 4


async def test_guesses_that_come_at_once_are_counted_one_by_one(house: House, duty: Officer) -> None:
    """A hundred connections must not be a hundred free tries before the first failure is written down."""
    hasher = listening(house)
    found = await asyncio.gather(
        *(house.door.entering.log_in(duty.name, f"guess number {number}", ELSEWHERE) for number in range(100))
    )
    assert [code_of(one) for one in found].count("entering.locked") == 100 - OFFICER.failures
    assert hasher.work == ["matches"] * OFFICER.failures


async def test_of_two_with_one_code_one_gets_in(house: House, duty: Officer) -> None:
    """The officer and whoever looks over her shoulder press at the same moment."""
    halves = [await house.half(duty.name) for _ in range(4)]
    code = duty.telephone.code()
    found = await asyncio.gather(*(house.door.entering.by_totp(one.secret, code, DESK) for one in halves))
    assert sum(not isinstance(one, Fault) for one in found) == 1


async def test_what_was_typed_for_an_unknown_officer_is_not_written_down(house: House) -> None:
    """People type their password into the wrong field; the auditor must not read it."""
    await house.door.entering.log_in("my-secret-password", PASSWORD, DESK)
    rows = await house.lobby.store.read(lambda one: one.console.audit(0, 9))
    assert [(row.act, row.about) for row in rows] == [("entering.refused", "")]
    assert "my-secret" not in "".join(row.note for row in rows)


async def test_a_code_is_taken_once(house: House, duty: Officer) -> None:
    """Who reads it off the screen next to the officer comes too late."""
    first, second = await house.half(duty.name), await house.half(duty.name)
    code = duty.telephone.code()
    sure(await house.door.entering.by_totp(first.secret, code, DESK))
    assert code_of(await house.door.entering.by_totp(second.secret, code, DESK)) == "entering.code"


@pytest.mark.parametrize(("skew", "taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
async def test_a_telephone_may_be_half_a_minute_off(house: House, duty: Officer, skew: int, *, taken: bool) -> None:
    """Telephones without a network drift; more than a step is an old code."""
    await house.clock.move(120)
    half = await house.half(duty.name)
    found = await house.door.entering.by_totp(half.secret, duty.telephone.code(skew), DESK)
    assert (not isinstance(found, Fault)) is taken


async def test_after_a_code_ahead_of_us_the_one_before_it_is_not_taken(house: House, duty: Officer) -> None:
    """Codes are used up in order: an older one that was seen is worth nothing."""
    await house.clock.move(120)
    half = await house.half(duty.name)
    sure(await house.door.entering.by_totp(half.secret, duty.telephone.code(STEP_SECONDS), DESK))
    half = await house.half(duty.name)
    assert code_of(await house.door.entering.by_totp(half.secret, duty.telephone.code(), DESK)) == "entering.code"


async def test_a_recovery_code_lets_in_once(house: House, duty: Officer) -> None:
    """The telephone fell into the river; the note with ten codes is in the safe."""
    code = duty.codes[3].lower().replace("-", " ")
    half = await house.half(duty.name)
    entered = sure(await house.door.entering.by_recovery(half.secret, code, DESK))
    assert entered.recovery_left == 9
    half = await house.half(duty.name)
    assert code_of(await house.door.entering.by_recovery(half.secret, code, DESK)) == "entering.recovery"


async def test_the_secret_changes_with_the_second_factor(house: House, duty: Officer) -> None:
    """Session fixation: who planted or saw the half session's cookie must not be in afterwards."""
    half = await house.half(duty.name)
    entered = sure(await house.door.entering.by_totp(half.secret, duty.telephone.code(), DESK))
    assert entered.secret != half.secret
    assert await house.door.entering.visitor_of(half.secret) is None
    await house.clock.move(STEP_SECONDS)
    again = await house.door.entering.by_totp(half.secret, duty.telephone.code(), DESK)
    assert code_of(again) == "entering.no_session"


async def test_a_full_session_is_no_half_one(house: House, duty: Officer) -> None:
    """Else its secret could be raised again and again, past every revocation."""
    found = await house.door.entering.by_totp(duty.secret, duty.telephone.code(), DESK)
    assert code_of(found) == "entering.no_session"


async def test_guessing_at_an_officer_is_stopped_and_then_slowed(house: House, duty: Officer) -> None:
    """Brute force: five tries, then a wait that doubles; the right password has to wait, too."""
    for _ in range(OFFICER.failures):
        assert await house.door.entering.log_in(duty.name, "guess after guess", ELSEWHERE) == REFUSED
    assert code_of(await house.door.entering.log_in(duty.name, PASSWORD, DESK)) == "entering.locked"
    await house.clock.move(OFFICER.first.total_seconds())
    assert await house.door.entering.log_in(duty.name, "guess after guess", ELSEWHERE) == REFUSED
    await house.clock.move(OFFICER.first.total_seconds())
    assert code_of(await house.door.entering.log_in(duty.name, PASSWORD, DESK)) == "entering.locked"
    await house.clock.move(OFFICER.first.total_seconds())
    await house.entered(duty)


async def test_an_unknown_officer_is_locked_as_a_known_one(house: House) -> None:
    """Else the lock tells who is known."""
    for _ in range(OFFICER.failures):
        await house.door.entering.log_in("nobody", "guess after guess", ELSEWHERE)
    assert code_of(await house.door.entering.log_in("nobody", PASSWORD, ELSEWHERE)) == "entering.locked"


async def test_an_address_that_guesses_at_many_is_stopped(house: House, duty: Officer) -> None:
    """One password tried with every officer's name locks no officer, but the address."""
    for number in range(ADDRESS.failures):
        await house.door.entering.log_in(f"nobody-{number}", "Huanjiang2026!", ELSEWHERE)
    assert code_of(await house.door.entering.log_in(duty.name, PASSWORD, ELSEWHERE)) == "entering.locked"
    await house.half(duty.name, came=DESK)


async def test_one_time_passwords_cannot_be_guessed_with_the_password_in_hand(house: House, duty: Officer) -> None:
    """A million codes, three right at a time: logging in again must not give five new tries."""
    refused = 0
    for _ in range(OFFICER.failures * 3):
        half = await house.door.entering.log_in(duty.name, PASSWORD, ELSEWHERE)
        if isinstance(half, Fault):
            assert half.code == "entering.locked"
            break
        refused += code_of(await house.door.entering.by_totp(half.secret, "000000", ELSEWHERE)) == "entering.code"
    assert refused <= OFFICER.failures


async def test_failures_are_forgotten_after_two_good_factors(house: House, duty: Officer) -> None:
    """Who mistypes four times a day would be locked out on the second day."""
    for _ in range(3):
        for _ in range(OFFICER.failures - 1):
            await house.door.entering.log_in(duty.name, "a slip of the finger", DESK)
        await house.entered(duty)


async def test_a_half_session_ends_soon(house: House, duty: Officer) -> None:
    """A browser left at the second step must not wait for the next person."""
    half = await house.half(duty.name)
    await house.clock.move(10 * 60)
    assert code_of(await house.door.entering.by_totp(half.secret, duty.telephone.code(), DESK)) == "entering.no_session"
    assert await house.door.entering.half_way(half.secret) is None


@pytest.mark.parametrize(("role", "hours"), [(Role.DUTY, 11.9), (Role.LIAISON, 0.49)])
async def test_a_session_ends_when_nobody_is_there(house: House, role: Role, hours: float) -> None:
    """The duty desk stays alive a whole shift; every other screen goes dark after half an hour."""
    one = await house.enrolled("one", role)
    await house.clock.move(hours * 3600 - STEP_SECONDS)
    assert await house.door.entering.visitor_of(one.secret) is not None
    await house.clock.move(12 * 3600 - hours * 3600 if role is Role.DUTY else 1801)
    assert await house.door.entering.visitor_of(one.secret) is None


async def test_work_keeps_a_session_alive_up_to_a_shift(house: House) -> None:
    """Half an hour from the last request, never longer than twelve hours in all."""
    one = await house.enrolled("one", Role.LIAISON)
    for _ in range(12 * 3 - 1):
        await house.clock.move(20 * 60)
        assert await house.door.entering.visitor_of(one.secret) is not None
    await house.clock.move(20 * 60)
    assert await house.door.entering.visitor_of(one.secret) is None


async def test_logged_out_is_out(house: House, duty: Officer) -> None:
    """The cookie may still be in the browser's backup."""
    await house.door.entering.log_out(duty.secret)
    assert await house.door.entering.visitor_of(duty.secret) is None
    assert ("duty-a", "entering.logged_out") in [(who, act) for who, act, _ in await house.acts()]


async def test_a_revoked_credential_ends_every_session(house: House, duty: Officer) -> None:
    """`sihu officer revoke` at the node's machine must reach the browser."""
    del house.directory.credentials["duty-a"]
    assert await house.door.entering.visitor_of(duty.secret) is None
    house.directory.credentials["duty-a"] = papers.credential()  # another key of the same officer
    assert await house.door.entering.visitor_of(duty.secret) is None


async def test_an_answer_is_signed_by_the_officers_own_key(house: House, duty: Officer) -> None:
    """The source verifies it against the credential that the county has certified."""
    message = b"an answer"
    signature = await house.door.entering.signed(duty.secret, message)
    account = await house.lobby.store.read(lambda one: one.console.account("duty-a"))
    assert signature is not None
    assert account is not None
    assert signature_holds(to_base64url(account.public), message, to_base64url(signature))


@pytest.mark.parametrize("secret", ["", "0" * 64, "zz", "值" * 500, "../x"])
async def test_a_cookie_that_nobody_gave_opens_nothing(house: House, secret: str) -> None:
    """A guess, an old cookie, somebody else's."""
    await house.enrolled("duty-a", Role.DUTY)
    assert await house.door.entering.visitor_of(secret) is None
    assert await house.door.entering.signed(secret, b"x") is None
    assert code_of(await house.door.entering.by_totp(secret, "123456", DESK)) == "entering.no_session"
    await house.door.entering.log_out(secret)


async def test_the_own_sessions_tokens_of_forms_differ(house: House, duty: Officer) -> None:
    """A form of one session must not be accepted in another."""
    other = await house.entered(duty)
    first, second = await house.visitor(duty), await house.door.entering.visitor_of(other.secret)
    assert second is not None
    assert first.csrf != second.csrf
    assert duty.secret not in first.csrf


class TestSecurityKeys:
    """WebAuthn in place of the one-time password."""

    @staticmethod
    async def registered(house: House, officer: Officer) -> SoftwareKey:
        """Give an officer a security key."""
        key, visitor = SoftwareKey(), await house.visitor(officer)
        proof = await house.proof(officer)
        options = sure(await house.door.accounts.begin_key(visitor, officer.secret, proof, DESK))
        sure(await house.door.accounts.add_key(visitor, officer.secret, "蓝色", key.register(options)))
        return key

    async def test_a_registered_key_lets_in(self, house: House, duty: Officer) -> None:
        """It is bound to this origin, so no page elsewhere can ask it."""
        key = await self.registered(house, duty)
        half = await house.half(duty.name)
        assert Factor.SECURITY_KEY in half.factors
        options = sure(await house.door.entering.begin_key(half.secret))
        entered = sure(await house.door.entering.by_key(half.secret, key.sign(options), DESK))
        assert await house.door.entering.visitor_of(entered.secret) is not None

    async def test_an_answer_is_taken_once(self, house: House, duty: Officer) -> None:
        """A recorded answer must not be played again."""
        key = await self.registered(house, duty)
        half = await house.half(duty.name)
        answer = key.sign(sure(await house.door.entering.begin_key(half.secret)))
        sure(await house.door.entering.by_key(half.secret, answer, DESK))
        half = await house.half(duty.name)
        assert code_of(await house.door.entering.by_key(half.secret, answer, DESK)) == "entering.no_session"
        sure(await house.door.entering.begin_key(half.secret))
        assert code_of(await house.door.entering.by_key(half.secret, answer, DESK)) == "entering.key_refused"

    async def test_another_origin_is_refused(self, house: House, duty: Officer) -> None:
        """Phishing: a page with our face at another address passes the question on."""
        key = await self.registered(house, duty)
        key.origin = "https://console.example.evil"
        half = await house.half(duty.name)
        options = sure(await house.door.entering.begin_key(half.secret))
        found = await house.door.entering.by_key(half.secret, key.sign(options), DESK)
        assert code_of(found) == "entering.key_refused"

    async def test_a_copy_of_a_key_is_noticed(self, house: House, duty: Officer) -> None:
        """A key that counts backwards exists twice."""
        key = await self.registered(house, duty)
        half = await house.half(duty.name)
        options = sure(await house.door.entering.begin_key(half.secret))
        sure(await house.door.entering.by_key(half.secret, key.sign(options, counts=5), DESK))
        half = await house.half(duty.name)
        options = sure(await house.door.entering.begin_key(half.secret))
        copied = await house.door.entering.by_key(half.secret, key.sign(options, counts=-2), DESK)
        assert code_of(copied) == "entering.key_copied"

    async def test_a_strangers_key_and_nonsense_are_refused(self, house: House, duty: Officer) -> None:
        """Whatever a browser sends, it is an answer or a refusal, never a crash."""
        await self.registered(house, duty)
        half = await house.half(duty.name)
        options = sure(await house.door.entering.begin_key(half.secret))
        stranger = await house.door.entering.by_key(half.secret, SoftwareKey().sign(options), DESK)
        assert code_of(stranger) == "entering.key_refused"
        sure(await house.door.entering.begin_key(half.secret))
        nonsense = await house.door.entering.by_key(half.secret, {"response": {"clientDataJSON": 7}}, DESK)
        assert code_of(nonsense) == "entering.key_refused"

    async def test_the_same_key_twice_and_a_key_too_many_are_refused(self, house: House, duty: Officer) -> None:
        """One key for two officers would let each in as the other's second factor."""
        key, visitor = await self.registered(house, duty), await house.visitor(duty)
        options = sure(await house.door.accounts.begin_key(visitor, duty.secret, await house.proof(duty), DESK))
        again = await house.door.accounts.add_key(visitor, duty.secret, "again", key.register(options))
        assert code_of(again) == "account.key_known"
        for _ in range(7):
            await self.registered(house, duty)
        full = await house.door.accounts.begin_key(visitor, duty.secret, await house.proof(duty), DESK)
        assert code_of(full) == "account.keys_full"

    async def test_a_dropped_key_opens_nothing(self, house: House, duty: Officer) -> None:
        """It was lost on the bus."""
        key, visitor = await self.registered(house, duty), await house.visitor(duty)
        (line,) = await house.door.accounts.security_keys(visitor)
        accounts, proof = house.door.accounts, await house.proof(duty)
        assert await accounts.drop_key(visitor, duty.secret, line.credential_id, proof, DESK) is None
        again = await accounts.drop_key(visitor, duty.secret, line.credential_id, await house.proof(duty), DESK)
        assert code_of(again) == "account.no_such_key"
        half = await house.half(duty.name)
        assert code_of(await house.door.entering.begin_key(half.secret)) == "entering.no_key"
        assert key.credential_id.hex() == line.credential_id


ODD = ("\ud800", "\x00", "a\nb", "\u202eabc", "值" * 9999, "")


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
async def test_whatever_is_typed_or_sent_is_refused_and_no_crash(tmp_path: Path, odd: str) -> None:
    """A header in another encoding reaches us with halves of signs: a stranger must not end the node with it."""
    async with open_store(tmp_path / "county.db", floor_bytes=0) as store:
        house = House(store)
        admin, came = await house.enrolled("admin-a", Role.ADMINISTRATOR), Caller(odd, odd)
        by, half = await house.visitor(admin), await house.half("admin-a", came=came)
        entering, enrolling, accounts = house.door.entering, house.door.enrolling, house.door.accounts
        for found in (
            await entering.log_in(odd, PASSWORD, came),
            await entering.log_in("admin-a", odd, came),
            await entering.by_totp(odd, odd, came),
            await entering.by_totp(half.secret, odd, came),
            await entering.by_recovery(half.secret, odd, came),
            await enrolling.enrol(odd, PASSWORD, came),
            await enrolling.enrol(house.told("duty-a", Role.DUTY), odd, came),
            await enrolling.confirm(odd, odd, came),
            await enrolling.invite(by, odd, "值班员乙", [Role.DUTY]),
            await accounts.change_password(by, admin.secret, odd, odd, DESK),
            await accounts.reset(by, odd),
            await accounts.disable(by, odd),
            await accounts.drop_key(by, admin.secret, odd, Proof(odd, odd), DESK),
            await accounts.begin_key(by, admin.secret, Proof(odd, odd), came),
            await accounts.renew_recovery(by, admin.secret, Proof(odd, "1", {odd: odd}), came),
            await accounts.revoke(by, odd),
            await accounts.take_invitation_back(by, odd),
        ):
            assert isinstance(found, Fault)
        assert await entering.visitor_of(odd) is None
        await entering.log_out(odd)


async def test_a_long_name_for_a_browser_is_cut(house: House, duty: Officer) -> None:
    """Headers have no end that we know of; rows do."""
    sure(await house.door.entering.log_in(duty.name, PASSWORD, Caller("x" * 999, "y" * 9999)))
    sessions = await house.lobby.store.read(lambda s: s.console.sessions("duty-a"))
    assert (64, 200) in [(len(one.address), len(one.agent)) for one in sessions]


async def test_a_desk_that_nobody_looks_at_stays_open(house: House) -> None:
    """The page asks by itself all night; whoever has left it half an hour ago is no longer at work."""
    officer = await house.enrolled("liaison-z", Role.LIAISON)
    entered = await house.entered(officer)
    for _ in range(7):
        house.clock.jump(5 * 60)
        await house.door.entering.visitor_of(entered.secret, at_work=False)
    assert await house.door.entering.visitor_of(entered.secret) is None
