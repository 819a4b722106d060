"""Commands of the console: the first invitation, and the audit log read, checked and copied."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.errors import Fault
from services.bootstrap.cli import open_officer_files
from services.domain.sessions import digest_of_secret
from services.domain.trust_files import load_officers
from tests.commands import Counties, done, prepared, sihu

HUANJIANG, LIBO = "451226", "522722"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Counties:
    """Two counties that trust each other."""
    return prepared(tmp_path_factory.mktemp("two"), (HUANJIANG, LIBO))


@pytest.fixture
def home(two: Counties, tmp_path: Path) -> Path:
    """Return the directory of 环江, for a test to change."""
    return Path(shutil.copytree(two.home(HUANJIANG), tmp_path / HUANJIANG))


def invited(home: Path, officer: str = "admin-a", *more: str) -> dict[str, str]:
    """Run the command."""
    found: dict[str, str] = done(
        "officer", "invite", officer, "--name", "管理员甲", "--role", "administrator", *more, "--dir", home
    )
    return found


def test_the_first_administrator_is_invited_without_a_running_node(home: Path) -> None:
    """Nobody can invite him but who sits at the machine; the file holds no secret."""
    made = invited(home)
    assert made["link"] == f"http://localhost:8640/enrol#{made['secret']}"
    text = (home / "invitations.json").read_text()
    assert made["secret"] not in text
    assert (home / "invitations.json").stat().st_mode & 0o077 == 0
    paper = open_officer_files(home).invited(digest_of_secret(made["secret"]))
    assert paper is not None
    assert (paper.officer, paper.display_name, paper.roles) == ("admin-a", "管理员甲", ("administrator",))


def test_a_newer_invitation_replaces_the_older_one(home: Path) -> None:
    """The first link was sent to the wrong person."""
    first, second, other = invited(home), invited(home, "admin-a", "--days", "3"), invited(home, "admin-b")
    files = open_officer_files(home)
    found = [files.invited(digest_of_secret(one["secret"])) is not None for one in (first, second, other)]
    assert found == [False, True, True]


def test_revoking_an_officer_voids_the_invitation(home: Path) -> None:
    """Else who was just put out makes a new account with the link of last week; those of others stay good."""
    done("officer", "add", "admin-a", "--name", "管理员甲", "--role", "administrator", "--dir", home)
    gone, other = invited(home), invited(home, "admin-b")
    done("officer", "revoke", "admin-a", "--dir", home)
    files = open_officer_files(home)
    assert files.invited(digest_of_secret(gone["secret"])) is None
    assert files.invited(digest_of_secret(other["secret"])) is not None
    assert (home / "invitations.json").stat().st_mode & 0o077 == 0


def test_the_invitation_of_somebody_who_never_enrolled_is_taken_back(home: Path) -> None:
    """The link went to a wrong telephone: it must be void before the day is over, though there is nothing to revoke."""
    lost, other = invited(home), invited(home, "admin-b")
    told = sihu("officer", "revoke", "admin-a", "--dir", home)
    files = open_officer_files(home)
    again = sihu("officer", "revoke", "admin-a", "--dir", home)
    facts = done("officer", "revoke", "admin-b", "--dir", home)

    assert told.code == 0
    assert "已收回邀请" in told.out
    assert "停用该账号" in told.out.replace("\n", "")
    assert files.invited(digest_of_secret(lost["secret"])) is None
    assert (again.code, "人员与会话" in again.err) == (2, True)
    assert (facts["officer"], facts["credential_digest"], facts["invitations"]) == ("admin-b", None, 1)
    assert files.invited(digest_of_secret(other["secret"])) is None
    assert json.loads((home / "invitations.json").read_text())["invitations"] == []


def test_an_invitation_that_has_ended_is_none_to_take_back(home: Path) -> None:
    """A message that says "taken back" of a link that ended last week hides that the name was misspelt."""
    invited(home)
    path = home / "invitations.json"
    kept = json.loads(path.read_text())
    kept["invitations"][0] |= {"made_at": "2020-01-01T08:00:00.000+08:00", "ends_at": "2020-01-02T08:00:00.000+08:00"}
    path.write_text(json.dumps(kept))
    assert sihu("officer", "revoke", "admin-a", "--dir", home).code == 2
    assert json.loads(path.read_text())["invitations"] == []


def test_a_damaged_file_of_invitations_keeps_no_officer_in_force(home: Path) -> None:
    """Whoever is revoked goes at once, whatever else is broken on the machine."""
    done("officer", "add", "admin-a", "--name", "管理员甲", "--role", "administrator", "--dir", home)
    (home / "invitations.json").write_text('{"invitations": 7}')
    assert sihu("officer", "revoke", "admin-a", "--dir", home).code == 2
    assert done("officer", "list", "--dir", home) == {"officers": []}


@pytest.mark.parametrize(
    "words",
    [
        ("Admin A", "--name", "管理员甲", "--role", "administrator"),
        ("admin-a", "--name", "管理员甲", "--role", "administrator", "--role", "duty"),
        ("admin-a", "--name", "", "--role", "administrator"),
    ],
)
def test_an_invitation_that_cannot_be_is_refused(home: Path, words: tuple[str, ...]) -> None:
    """At the machine, not a day later in the browser."""
    ran = sihu("officer", "invite", *words, "--dir", home)
    assert ran.code == 2
    assert not (home / "invitations.json").exists()


def test_a_damaged_file_of_invitations_is_named(home: Path) -> None:
    """Else every link fails, and nobody knows why."""
    (home / "invitations.json").write_text('{"invitations": 7}')
    ran = sihu("officer", "invite", "admin-a", "--name", "管理员甲", "--role", "administrator", "--dir", home)
    assert (ran.code, "invitations.json" in ran.err) == (2, True)


def test_a_credential_that_is_replaced_is_revoked(home: Path) -> None:
    """The node and the commands keep officers' papers by the same steps."""
    done("officer", "add", "duty-x", "--name", "值班员丁", "--role", "duty", "--dir", home)
    files = open_officer_files(home)
    mine = load_officers({"officers/duty-x.json": (home / "officers/duty-x.json").read_bytes()})
    assert not isinstance(mine, Fault)
    done("officer", "add", "duty-y", "--name", "值班员戊", "--role", "duty", "--dir", home)
    theirs = load_officers({"officers/duty-y.json": (home / "officers/duty-y.json").read_bytes()})
    assert not isinstance(theirs, Fault)
    moment = done("officer", "revoke", "duty-y", "--dir", home)
    assert moment["credential_digest"] in json.loads((home / "officers/revoked.json").read_text())
    files.keep("duty-x", theirs["duty-y"], datetime(2026, 3, 4, tzinfo=UTC))
    revoked = json.loads((home / "officers/revoked.json").read_text())
    assert len(revoked) == 2
    tokens = json.loads((home / "tokens.json").read_text())["tokens"]
    assert [one["officer"] for one in tokens if one.get("officer") and "revoked_at" not in one][-1] == "duty-x"
    assert files.revoke("duty-x", datetime(2026, 3, 4, tzinfo=UTC)) is None
    tokens = json.loads((home / "tokens.json").read_text())["tokens"]
    assert "duty-x" not in [one["officer"] for one in tokens if one.get("officer") and "revoked_at" not in one]
