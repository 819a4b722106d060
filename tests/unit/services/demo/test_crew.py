"""环江's people in the play: a roster without gaps, and a way to their telephones that may change between starts."""

from pathlib import Path

import pytest

from schemas.errors import RequestError
from services.demo.ceremony import Stage
from services.demo.crew import CREW, NEXT_DOOR, TOLD, Smsc, equip, smsc_at
from services.settings import read_settings
from tests.commands import done

SMSC = Smsc("127.0.0.1", 2775, "sihu", 'quote " and \\')


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """The directories of 环江 and 荔波 with settings and nothing else."""
    for code in (TOLD, NEXT_DOOR):
        home = tmp_path / code
        home.mkdir()
        text = f'county = "{code}"\noffice = "办"\nduty_phone = "0778-8820110"\n[log]\nformat = "json"\n'
        (home / "county.toml").write_text(text, encoding="utf-8")
    return Stage(tmp_path)


def test_nobody_is_missing_at_any_hour(stage: Stage) -> None:
    """A gap would be told of in the middle of the play, and at night the office is told of level 4."""
    equip(stage, lambda *_: "", None)
    assert done("roster", "gaps", "--dir", stage.county(TOLD))["findings"] == []
    shown = done("roster", "show", "--at", "2026-12-01 03:00", "--dir", stage.county(TOLD))["on_duty"]
    assert [one["tier"] for one in shown] == ["primary", "secondary", "leader", "office"]
    assert all(one["reached_by"] for one in shown)


def test_somebody_is_on_duty_next_door(stage: Stage) -> None:
    """环江's desk is to name them; a roster that does not hold would leave 未告知 there, and notices at 荔波."""
    equip(stage, lambda *_: "", None)
    assert done("roster", "gaps", "--dir", stage.county(NEXT_DOOR))["findings"] == []
    shown = done("roster", "show", "--at", "2026-12-01 03:00", "--dir", stage.county(NEXT_DOOR))["on_duty"]
    assert [one["tier"] for one in shown] == ["primary", "secondary", "leader"]


def test_the_next_start_may_have_another_way_to_the_telephones(stage: Stage) -> None:
    """A second ``[paging]`` would be no TOML any more; the rest of the settings stays."""
    for smsc, driver in ((None, "smstools"), (SMSC, "smpp"), (SMSC, "smpp"), (None, "smstools")):
        equip(stage, lambda *_: "", smsc)
        settings = read_settings(stage.county(TOLD))
        assert [one.driver for one in settings.paging.providers] == [driver]
        assert settings.log.format == "json"


def test_the_password_stands_in_a_file_of_its_own(stage: Stage) -> None:
    """County settings are read by more people than passwords are."""
    equip(stage, lambda *_: "", SMSC)
    home = stage.county(TOLD)
    secret = home / "secrets" / "mobile"
    assert secret.read_text(encoding="utf-8") == SMSC.password + "\n"
    assert secret.stat().st_mode & 0o077 == 0
    assert SMSC.password not in (home / "county.toml").read_text(encoding="utf-8")
    assert SMSC.password not in repr(SMSC)


def test_who_has_a_credential_gets_no_second(stage: Stage) -> None:
    """The command refuses it, and the second start would end there."""
    officers = stage.county(TOLD) / "officers"
    officers.mkdir()
    (officers / f"{CREW[0].officer}.json").touch()
    added: list[str] = []

    def command(*words: str) -> str:
        added.append(words[2])
        return ""

    equip(stage, command, None)
    assert added == [one.officer for one in CREW[1:]]


@pytest.mark.parametrize("address", ["2775", "host:", ":2775", "host:0", "host:65536", "host:27x", "host:\uff12\uff17"])
def test_an_address_that_is_none_is_refused_with_the_mend(address: str) -> None:
    """It would fail ten seconds later, with the words of a socket."""
    with pytest.raises(RequestError, match="HOST:PORT"):
        smsc_at(address, "sihu", "sihu")


def test_an_address_of_either_family_is_taken() -> None:
    """Brackets are for people, not for sockets."""
    assert smsc_at("[::1]:2775", "a", "b") == Smsc("::1", 2775, "a", "b")
    assert smsc_at("smsc.example:2775", "a", "b") == Smsc("smsc.example", 2775, "a", "b")
