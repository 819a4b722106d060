"""The node ends and begins again; and what a thief has who takes its database along."""

from pathlib import Path

import pytest

from adapters.keys.sealing import FileSealer
from adapters.sqlite.store import open_store
from schemas.officers import Role
from services.domain.audit import AuditVerdict, go_on
from services.domain.encoding import to_base64url
from services.domain.signatures import signature_holds
from tests.entering import DESK, PASSWORD, House, sure


async def test_a_restart_keeps_sessions_and_keys(tmp_path: Path) -> None:
    """An update at night must not throw the duty officer out, nor leave her unable to sign."""
    async with open_store(tmp_path / "county.db", floor_bytes=0) as store:
        house = House(store)
        duty = await house.enrolled("duty-a", Role.DUTY)
        half = await house.half("duty-a")
    async with open_store(tmp_path / "county.db", floor_bytes=0) as store:
        again = house.reopened(store)
        visitor = await again.door.entering.visitor_of(duty.secret)
        account = await store.read(lambda one: one.console.account("duty-a"))
        signature = await again.door.entering.signed(duty.secret, b"said")
        assert visitor is not None
        assert account is not None
        assert signature is not None
        assert signature_holds(to_base64url(account.public), b"said", to_base64url(signature))
        entered = sure(await again.door.entering.by_totp(half.secret, duty.telephone.code(), DESK))
        assert await again.door.entering.visitor_of(entered.secret) is not None


async def test_a_code_that_was_used_before_the_restart_stays_used(tmp_path: Path) -> None:
    """Else a crash is a replay."""
    async with open_store(tmp_path / "county.db", floor_bytes=0) as store:
        house = House(store)
        duty = await house.enrolled("duty-a", Role.DUTY)
        first, second = await house.half("duty-a"), await house.half("duty-a")
        code = duty.telephone.code()
        sure(await house.door.entering.by_totp(first.secret, code, DESK))
    async with open_store(tmp_path / "county.db", floor_bytes=0) as store:
        again = house.reopened(store)
        refused = await again.door.entering.by_totp(second.secret, code, DESK)
        assert getattr(refused, "code", "") == "entering.code"


async def test_the_database_alone_opens_nothing(tmp_path: Path) -> None:
    """A stolen disk: no password, no cookie, no seed, no secret of a telephone, no code, no link stands in it."""
    path = tmp_path / "county.db"
    async with open_store(path, floor_bytes=0) as store:
        house = House(store)
        admin = await house.enrolled("admin-a", Role.ADMINISTRATOR)
        duty = await house.enrolled("duty-a", Role.DUTY)
        half = await house.half("duty-a")
        invited = sure(await house.door.enrolling.invite(await house.visitor(admin), "duty-b", "值班员乙", [Role.DUTY]))
        account = await store.read(lambda one: one.console.account("duty-a"))
        session = await store.read(lambda one: one.console.sessions("duty-a"))
        assert account is not None
        key = await house.lobby.hasher.derive(PASSWORD, account.key_salt)
        seed = house.lobby.sealer.open(key, account.sealed_key, "own:duty-a")
        assert seed is not None
    kept = _bytes_below(tmp_path)
    hidden = [PASSWORD, duty.secret, half.secret, invited.secret, duty.telephone.secret, *duty.codes]
    assert [one for one in hidden if one.encode() in kept] == []
    assert [one for one in (duty.secret, half.secret, invited.secret) if bytes.fromhex(one) in kept] == []
    assert seed not in kept
    thief = FileSealer(b"t" * 32)
    everything = [account.sealed_key, account.sealed_totp, *(one.sealed_key for one in session)]
    assert [thief.open_here(one, "totp:duty-a") for one in everything] == [None] * len(everything)
    for one in session:  # a digest is no secret, though it has the same form
        assert thief.open(bytes.fromhex(one.digest), one.sealed_key, f"session:{one.digest}") is None


def _bytes_below(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("county.db*"))


async def test_old_lines_of_the_audit_log_go_and_the_rest_holds(tmp_path: Path) -> None:
    """After the days that are set, at the next log-in, with a line that says so."""
    async with open_store(tmp_path / "county.db", floor_bytes=0) as store:
        house = House(store)
        await house.enrolled("duty-a", Role.DUTY)
        await house.clock.move(1096 * 86_400)
        acts = await house.acts()
        sure(await house.door.entering.log_in("duty-a", PASSWORD, DESK))
        rows = await store.read(lambda one: one.console.audit(0, 99))
        assert rows[0].number == len(acts) + 1
        assert rows[0].act == "audit.pruned"
        assert go_on(AuditVerdict(), rows).holds


@pytest.mark.parametrize("days", [1, 179])
async def test_no_line_goes_before_its_time(days: int) -> None:
    """The law asks for six months."""
    house = House()
    await house.enrolled("duty-a", Role.DUTY)
    before = await house.acts()
    await house.clock.move(days * 86_400)
    await house.door.entering.log_in("duty-a", PASSWORD, DESK)
    assert (await house.acts())[: len(before)] == before
