"""From an invitation to an account: once, in time, and with power only at the end."""

import pytest

from schemas.envelope import PayloadType
from schemas.errors import Fault
from schemas.officers import OfficerCredential, Role
from services.console.lobby import Caller
from services.domain.documents import open_payload
from services.domain.encoding import to_base64url
from services.domain.governance import judge_officer
from services.domain.one_time import STEP_SECONDS
from tests.entering import DESK, PASSWORD, House, Telephone, sure
from tests.papers import HUANJIANG

NEW = "十里洋场 9 枚铜钱 umbrella"


@pytest.fixture
async def house() -> House:
    """A county whose console nobody has entered."""
    return House()


def code_of(value: object) -> str:
    """Return the code of what must be refused."""
    assert isinstance(value, Fault), value
    return value.code


async def test_the_first_administrator_gets_in_by_the_command(house: House) -> None:
    """Nobody is there who could invite him."""
    one = await house.enrolled("admin-a", Role.ADMINISTRATOR)
    visitor = await house.visitor(one)
    assert visitor.roles == {Role.ADMINISTRATOR}
    assert [act for _, act, _ in await house.acts()] == ["account.enrolled", "account.confirmed", "entering.logged_in"]


async def test_an_administrator_invites_and_nobody_else_does(house: House) -> None:
    """Who may make accounts may make himself anything."""
    admin = await house.enrolled("admin-a", Role.ADMINISTRATOR)
    duty = await house.enrolled("duty-a", Role.DUTY)
    by = await house.visitor(duty)
    assert code_of(await house.door.enrolling.invite(by, "duty-b", "值班员乙", [Role.DUTY])) == "access.role"
    invited = sure(await house.door.enrolling.invite(await house.visitor(admin), "duty-b", "值班员乙", [Role.DUTY]))
    assert invited.path == f"/enrol#{invited.secret}"
    new = await house.enrolled("duty-b", invitation=invited.secret)
    assert (await house.visitor(new)).display_name == "值班员乙"


@pytest.mark.parametrize(
    ("officer", "name", "roles", "code"),
    [
        ("Duty A", "值班员乙", [Role.DUTY], "invitation.wrong_form"),
        ("duty-b", "", [Role.DUTY], "invitation.too_short"),
        ("duty-b", "值班员乙", [], "roles.none"),
        ("duty-b", "值班员乙", [Role.DUTY, Role.AUDITOR], "roles.not_together"),
        ("duty-b", "值班员乙", [Role.ADMINISTRATOR, Role.LIAISON], "roles.not_together"),
        ("admin-a", "管理员甲", [Role.ADMINISTRATOR], "account.exists"),
    ],
)
async def test_an_invitation_that_cannot_be_is_refused(
    house: House, officer: str, name: str, roles: list[Role], code: str
) -> None:
    """The one who watches must not be watched by himself; an id stands in receipts that travel."""
    admin = await house.visitor(await house.enrolled("admin-a", Role.ADMINISTRATOR))
    assert code_of(await house.door.enrolling.invite(admin, officer, name, roles)) == code


async def test_an_invitation_counts_once_and_in_time(house: House) -> None:
    """The note with the link is found in the bin."""
    admin = await house.visitor(await house.enrolled("admin-a", Role.ADMINISTRATOR))
    invited = sure(await house.door.enrolling.invite(admin, "duty-b", "值班员乙", [Role.DUTY]))
    newer = sure(await house.door.enrolling.invite(admin, "duty-b", "值班员乙", [Role.DUTY]))
    assert code_of(await house.door.enrolling.enrol(invited.secret, PASSWORD, DESK)) == "invitation.used"
    sure(await house.door.enrolling.enrol(newer.secret, PASSWORD, DESK))
    assert code_of(await house.door.enrolling.enrol(newer.secret, PASSWORD, DESK)) == "invitation.used"
    late = sure(await house.door.enrolling.invite(admin, "duty-c", "值班员丙", [Role.DUTY]))
    await house.clock.move(24 * 3600)
    assert code_of(await house.door.enrolling.invitation_of(late.secret)) == "invitation.used"
    assert code_of(await house.door.enrolling.invitation_of("0" * 64)) == "invitation.used"


async def test_an_invitation_is_taken_back(house: House) -> None:
    """It was sent to the wrong person."""
    admin = await house.visitor(await house.enrolled("admin-a", Role.ADMINISTRATOR))
    invited = sure(await house.door.enrolling.invite(admin, "duty-b", "值班员乙", [Role.DUTY]))
    (listed,) = sure(await house.door.accounts.invitations(admin))
    assert await house.door.accounts.take_invitation_back(admin, listed.digest) is None
    assert sure(await house.door.accounts.invitations(admin)) == []
    assert code_of(await house.door.enrolling.enrol(invited.secret, PASSWORD, DESK)) == "invitation.used"


async def test_a_bad_password_leaves_the_invitation_good(house: House) -> None:
    """Else a slip costs a walk to the administrator."""
    secret = house.told("duty-a", Role.DUTY)
    assert code_of(await house.door.enrolling.enrol(secret, "duty-a-2026-duty", DESK)) == "password.names_you"
    sure(await house.door.enrolling.enrol(secret, PASSWORD, DESK))


async def test_half_enrolled_has_no_power(house: House) -> None:
    """Who set a password and shows no second factor is certified by nobody."""
    half = sure(await house.door.enrolling.enrol(house.told("duty-a", Role.DUTY), PASSWORD, DESK))
    assert half.enrolling
    assert house.directory.credentials == {}
    assert code_of(await house.door.entering.by_totp(half.secret, "123456", DESK)) == "entering.not_enrolled"
    assert code_of(await house.door.enrolling.confirm(half.secret, "000000", DESK)) == "entering.code"
    assert await house.door.entering.visitor_of(half.secret) is None


async def test_enrolling_goes_on_after_the_browser_was_closed(house: House) -> None:
    """The app had to be installed first."""
    half = sure(await house.door.enrolling.enrol(house.told("duty-a", Role.DUTY), PASSWORD, DESK))
    first = sure(await house.door.enrolling.enrolment_of(half.secret))
    await house.clock.move(3600)
    again = await house.half("duty-a")
    assert again.enrolling
    shown = sure(await house.door.enrolling.enrolment_of(again.secret))
    assert shown == first
    assert shown.uri.startswith("otpauth://totp/")
    assert shown.qr.startswith("<svg")
    assert "style=" not in shown.qr
    telephone = Telephone(shown.secret, house.clock)
    done = sure(await house.door.enrolling.confirm(again.secret, telephone.code(), DESK))
    assert await house.door.entering.visitor_of(done.entered.secret) is not None
    assert len(set(done.recovery_codes)) == 10


async def test_the_secret_of_the_telephone_is_shown_no_more_once_confirmed(house: House) -> None:
    """Whoever gets hold of a session must not copy the second factor."""
    one = await house.enrolled("duty-a", Role.DUTY)
    assert code_of(await house.door.enrolling.enrolment_of(one.secret)) == "entering.no_session"
    half = await house.half("duty-a")
    assert code_of(await house.door.enrolling.enrolment_of(half.secret)) == "entering.no_session"
    assert code_of(await house.door.enrolling.confirm(half.secret, one.telephone.code(), DESK)) == "entering.no_session"


async def test_the_first_code_is_not_taken_a_second_time(house: House) -> None:
    """It was read over the shoulder while it was typed."""
    half = sure(await house.door.enrolling.enrol(house.told("duty-a", Role.DUTY), PASSWORD, DESK))
    telephone = Telephone(sure(await house.door.enrolling.enrolment_of(half.secret)).secret, house.clock)
    code = telephone.code()
    sure(await house.door.enrolling.confirm(half.secret, code, DESK))
    again = await house.half("duty-a")
    assert code_of(await house.door.entering.by_totp(again.secret, code, DESK)) == "entering.code"


async def test_the_county_certifies_the_officers_own_key(house: House) -> None:
    """Partners believe an answer by this paper alone."""
    await house.enrolled("duty-a", Role.DUTY, Role.LIAISON)
    document = house.directory.credentials["duty-a"]
    found = judge_officer(document, house.directory.trust(), HUANJIANG, house.clock.now())
    assert isinstance(found, OfficerCredential)
    account = await house.lobby.store.read(lambda one: one.console.account("duty-a"))
    assert account is not None
    assert (found.public, found.roles) == (to_base64url(account.public), (Role.DUTY, Role.LIAISON))
    assert isinstance(open_payload(document, PayloadType.OFFICER, OfficerCredential), OfficerCredential)


async def test_the_command_replaces_an_account_whose_owner_lost_everything(house: House) -> None:
    """The only administrator lost the telephone and the note with the codes."""
    old = await house.enrolled("admin-a", Role.ADMINISTRATOR)
    before = house.directory.credentials["admin-a"]
    new = await house.enrolled("admin-a", Role.ADMINISTRATOR, password=NEW)
    assert await house.door.entering.visitor_of(old.secret) is None
    assert house.directory.credentials["admin-a"] != before
    half = await house.half("admin-a", NEW)
    assert code_of(await house.door.entering.by_recovery(half.secret, old.codes[0], DESK)) == "entering.recovery"
    assert code_of(await house.door.entering.by_totp(half.secret, old.telephone.code(), DESK)) == "entering.code"
    await house.clock.move(STEP_SECONDS)
    assert (await house.visitor(new)).officer == "admin-a"


async def test_guessing_at_the_first_code_is_stopped(house: House) -> None:
    """Somebody sits down at the desk in the middle of it."""
    half = sure(await house.door.enrolling.enrol(house.told("duty-a", Role.DUTY), PASSWORD, DESK))
    codes = [code_of(await house.door.enrolling.confirm(half.secret, "000000", Caller("192.0.2.9"))) for _ in range(7)]
    assert codes[-1] == "entering.locked"
