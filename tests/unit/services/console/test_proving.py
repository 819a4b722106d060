"""Proving oneself again: a stolen session makes no way in, nothing counts twice, and guessing locks."""

import asyncio
from dataclasses import replace

import pytest
from pydantic import JsonValue

from schemas.errors import Fault
from schemas.officers import Role
from services.console.proving import Proof
from services.domain.one_time import STEP_SECONDS
from tests.entering import DESK, ELSEWHERE, PASSWORD, House, Officer, SoftwareKey, sure


@pytest.fixture
async def house() -> House:
    """A county whose console nobody has entered."""
    return House()


@pytest.fixture
async def duty(house: House) -> Officer:
    """值班员甲, with a session that somebody else holds, too."""
    return await house.enrolled("duty-a", Role.DUTY)


def code_of(value: object) -> str:
    """Return the code of what must be refused."""
    assert isinstance(value, Fault), value
    return value.code


async def with_key(house: House, officer: Officer) -> SoftwareKey:
    """Give an officer a security key, as she does it herself."""
    key, visitor, accounts = SoftwareKey(), await house.visitor(officer), house.door.accounts
    options = sure(await accounts.begin_key(visitor, officer.secret, await house.proof(officer), DESK))
    sure(await accounts.add_key(visitor, officer.secret, "抽屉", key.register(options)))
    return key


async def test_every_change_of_a_factor_asks_for_both(house: House, duty: Officer) -> None:
    """The cookie alone, with the password alone, with the code alone: no way in is made, and none is taken away."""
    await with_key(house, duty)
    by, accounts = await house.visitor(duty), house.door.accounts
    (line,) = await accounts.security_keys(by)
    good = await house.proof(duty)
    for proof, code in (
        (Proof(""), "account.no_factor"),
        (Proof(PASSWORD), "account.no_factor"),
        (replace(good, password=""), "account.wrong_password"),
        (Proof(PASSWORD, "000000"), "entering.code"),
        (replace(good, code="", answer={}), "entering.no_session"),
    ):
        for found in (
            await accounts.begin_key(by, duty.secret, proof, DESK),
            await accounts.drop_key(by, duty.secret, line.credential_id, proof, DESK),
            await accounts.renew_recovery(by, duty.secret, proof, DESK),
        ):
            assert code_of(found) == code
        again = await house.proof(duty)  # forgives the guesses before
        sure(await house.door.proving.judge(by, duty.secret, again, DESK, factor=True))
    assert [one.credential_id for one in await accounts.security_keys(by)] == [line.credential_id]


async def test_a_question_that_proves_registers_nothing(house: House, duty: Officer) -> None:
    """The thief asks what needs no proof to be asked, and answers it with a new key of his own."""
    await with_key(house, duty)
    by, thief = await house.visitor(duty), SoftwareKey()
    options = sure(await house.door.proving.begin(by, duty.secret))
    asked: dict[str, JsonValue] = {"publicKey": {**_public(options), "rp": {"id": _public(options)["rpId"]}}}
    added = await house.door.accounts.add_key(by, duty.secret, "x", thief.register(asked))
    assert code_of(added) == "entering.no_session"
    assert len(await house.door.accounts.security_keys(by)) == 1


async def test_a_question_of_registering_proves_nothing(house: House, duty: Officer) -> None:
    """What one key answers to one question is no answer to another."""
    key, by = await with_key(house, duty), await house.visitor(duty)
    options = sure(await house.door.accounts.begin_key(by, duty.secret, await house.proof(duty), DESK))
    asked: dict[str, JsonValue] = {"publicKey": {**_public(options), "rpId": "localhost"}}
    proof = Proof(PASSWORD, answer=key.sign(asked))
    found = await house.door.proving.judge(by, duty.secret, proof, DESK, factor=True)
    assert code_of(found) == "entering.no_session"


async def test_an_answer_of_a_key_proves_once(house: House, duty: Officer) -> None:
    """Recorded and played again it opens nothing."""
    key, by = await with_key(house, duty), await house.visitor(duty)
    proof = Proof(PASSWORD, answer=key.sign(sure(await house.door.proving.begin(by, duty.secret))))
    sure(await house.door.accounts.renew_recovery(by, duty.secret, proof, DESK))
    again = await house.door.accounts.renew_recovery(by, duty.secret, proof, DESK)
    assert code_of(again) == "entering.no_session"


async def test_a_code_is_taken_once_wherever_it_is_shown(house: House, duty: Officer) -> None:
    """Read off the telephone at the log-in it adds no key; used for a key it lets nobody in."""
    by, accounts = await house.visitor(duty), house.door.accounts
    half = await house.half(duty.name)
    shown = duty.telephone.code()
    sure(await house.door.entering.by_totp(half.secret, shown, DESK))
    found = await accounts.begin_key(by, duty.secret, Proof(PASSWORD, shown), DESK)
    assert code_of(found) == "entering.code"
    proof = await house.proof(duty)
    two = await asyncio.gather(*(accounts.renew_recovery(by, duty.secret, proof, DESK) for _ in range(2)))
    assert sorted(isinstance(one, Fault) for one in two) == [False, True]
    half = await house.half(duty.name)
    assert code_of(await house.door.entering.by_totp(half.secret, proof.code, DESK)) == "entering.code"


async def test_guessing_locks_as_at_the_entrance(house: House, duty: Officer) -> None:
    """With the password in hand a million codes are not to be tried; nor does the password alone forgive any."""
    by, accounts = await house.visitor(duty), house.door.accounts
    for guess in range(4):
        found = await accounts.begin_key(by, duty.secret, Proof(PASSWORD, f"{guess:06}"), ELSEWHERE)
        assert code_of(found) == "entering.code"
        short = await accounts.change_password(by, duty.secret, PASSWORD, "short", ELSEWHERE)
        assert code_of(short) == "password.too_short"  # the password was right
    fifth = await accounts.begin_key(by, duty.secret, Proof(PASSWORD, "000009"), ELSEWHERE)
    assert code_of(fifth) == "entering.code"
    good = Proof(PASSWORD, duty.telephone.code())
    assert code_of(await accounts.begin_key(by, duty.secret, good, ELSEWHERE)) == "entering.locked"
    assert code_of(await house.door.entering.log_in(duty.name, PASSWORD, DESK)) == "entering.locked"
    acts = [act for _, act, _ in await house.acts()]
    assert acts.count("entering.second_refused") == 5
    assert "account.key_added" not in acts


async def test_somebody_elses_session_proves_nothing(house: House, duty: Officer) -> None:
    """One officer's proof in another one's session would change an account that nobody asked about."""
    other = await house.enrolled("duty-b", Role.DUTY)
    by, proof = await house.visitor(duty), await house.proof(duty)
    found = await house.door.accounts.renew_recovery(by, other.secret, proof, DESK)
    assert code_of(found) == "entering.no_session"


async def test_a_session_that_ended_proves_nothing(house: House, duty: Officer) -> None:
    """Revoked while the form was open."""
    by, proof = await house.visitor(duty), await house.proof(duty)
    await house.door.entering.log_out(duty.secret)
    assert code_of(await house.door.proving.begin(by, duty.secret)) == "entering.no_session"
    found = await house.door.proving.judge(by, duty.secret, proof, DESK, factor=True)
    assert code_of(found) == "entering.no_session"


async def test_who_has_no_key_is_asked_none(house: House, duty: Officer) -> None:
    """The button is not there; whoever asks all the same is told."""
    assert code_of(await house.door.proving.begin(await house.visitor(duty), duty.secret)) == "entering.no_key"


async def test_a_good_proof_forgives_what_was_mistyped(house: House, duty: Officer) -> None:
    """Who mistypes four times a day would be locked out on the second day."""
    by, accounts = await house.visitor(duty), house.door.accounts
    for _ in range(3):
        for _ in range(4):
            await accounts.renew_recovery(by, duty.secret, Proof(PASSWORD, "000000"), DESK)
        sure(await accounts.renew_recovery(by, duty.secret, await house.proof(duty), DESK))
    await house.clock.move(STEP_SECONDS)
    sure(await house.door.entering.log_in(duty.name, PASSWORD, DESK))


def _public(options: dict[str, JsonValue]) -> dict[str, JsonValue]:
    public = options["publicKey"]
    assert isinstance(public, dict)
    return public
