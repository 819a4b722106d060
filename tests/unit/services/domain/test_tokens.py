"""Tokens: which scopes go together, and a list in which a name is in force once."""

from datetime import datetime, timedelta

import pytest

from schemas.access import Access, Scope
from schemas.consoles import AuditEntry
from schemas.errors import Fault
from schemas.officers import Role
from services.domain.encoding import digest_of
from services.domain.roles import SCOPES
from services.domain.tokens import (
    BOARD,
    OF_A_PERSON,
    OF_THE_CONSOLE,
    TOKENS_MAX,
    is_board,
    judge_of_console,
    judge_scopes,
    left_over,
    new_access,
    with_token,
    without_token,
)
from tests.papers import LONG_AGO

UNTIL = LONG_AGO + timedelta(days=30)


def made(name: str = "desk", officer: str | None = None) -> Access:
    """Return what is kept of a token."""
    found = new_access(name, f"sihu_{name}", [Scope.EVENTS_READ], officer, now=LONG_AGO, until=UNTIL)
    assert isinstance(found, Access)
    return found


@pytest.mark.parametrize(
    ("scopes", "officer", "code"),
    [
        ([], None, "token.no_scope"),
        ([Scope.ACKNOWLEDGE], None, "token.no_officer"),
        ([Scope.EVENTS_READ, Scope.ROSTER_WRITE], None, "token.no_officer"),
        ([Scope.EVENTS_READ, Scope.AGREEMENTS_WRITE], None, "token.no_officer"),
        ([Scope.EVENTS_WRITE, Scope.UNATTENDED], "duty-a", "token.unattended_officer"),
        ([Scope.CALENDAR_READ, Scope.EVENTS_READ], None, "token.not_alone"),
        ([Scope.CALENDAR_READ, Scope.EVENTS_READ], "duty-a", "token.not_alone"),
        ([Scope.CALENDAR_READ], None, None),
        ([Scope.EVENTS_WRITE, Scope.UNATTENDED], None, None),
        ([Scope.ACKNOWLEDGE, Scope.EVENTS_READ], "duty-a", None),
    ],
)
def test_scopes_that_do_not_go_together(scopes: list[Scope], officer: str | None, code: str | None) -> None:
    """An officer without a second one, a machine that answers for a person, a token in an address that opens more."""
    found = judge_scopes(scopes, officer)
    assert (found.code if found else None) == code


@pytest.mark.parametrize("officer", [None, "duty-a"])
def test_no_token_is_named_like_somebody_in_the_console(officer: str | None) -> None:
    """The log of openings would say that an officer had looked, who was not there."""
    found = new_access("console-duty-a", "sihu_x", [Scope.EVENTS_READ], officer, now=LONG_AGO, until=UNTIL)
    assert isinstance(found, tuple)
    assert [(one.code, one.field) for one in found] == [("token.name_kept", "token.name")]


def test_the_console_gives_no_more_than_an_administrator_may() -> None:
    """He would issue it to himself: a scope that is new is his to give only once somebody has said so here."""
    given = {one for one in Scope if judge_of_console(made("board-x").model_copy(update={"scopes": (one,)})) is None}
    assert given == OF_THE_CONSOLE
    assert given - {Scope.CALENDAR_READ} <= SCOPES[Role.ADMINISTRATOR]


def test_what_reads_events_by_the_console_is_named_a_board() -> None:
    """By the name it is known where personal content is opened; one of an officer goes by the officer's roles."""
    plain, board, bound = made("dispatch"), made("board-hall"), made("board-hall", "duty-a")
    found = [judge_of_console(one) for one in (plain, board, bound)]
    assert [one.code if one else None for one in found] == ["token.no_board", None, "token.by_command"]
    assert [is_board(one) for one in (plain, board, bound)] == [False, True, False]


def test_no_scope_alone_is_refused_but_those_of_a_person() -> None:
    """One that is forgotten in the rules could never be issued."""
    assert {one for one in Scope if judge_scopes([one], None)} == OF_A_PERSON
    assert {one for one in Scope if judge_scopes([one], "duty-a")} == {Scope.UNATTENDED}


def test_of_a_token_its_digest_alone_is_kept() -> None:
    """Whoever reads the file gets in nowhere."""
    kept = new_access("desk", "sihu_x", [Scope.EVENTS_READ, Scope.EVENTS_READ], None, now=LONG_AGO, until=UNTIL)
    assert isinstance(kept, Access)
    assert (kept.digest, kept.scopes) == (digest_of(b"sihu_x"), (Scope.EVENTS_READ,))


def test_what_is_wrong_with_a_token_is_named() -> None:
    """By its field, for the form and for the command."""
    found = new_access("Desk!", "sihu_x", [Scope.EVENTS_READ], "Nobody!", now=LONG_AGO, until=UNTIL)
    assert isinstance(found, tuple)
    assert {one.field for one in found} == {"token.name", "token.officer"}


def test_a_name_is_in_force_once_and_free_again_after_revoking() -> None:
    """Two of one name could not be told apart when one has to go."""
    one = with_token((), made())
    assert isinstance(one, tuple)
    again = with_token(one, made())
    assert isinstance(again, Fault)
    assert again.code == "token.exists"
    gone = without_token(one, "desk", UNTIL)
    assert isinstance(gone, tuple)
    assert gone[0].revoked_at == UNTIL
    both = with_token(gone, made())
    assert isinstance(both, tuple)
    assert [two.revoked_at for two in both] == [UNTIL, None]


def test_what_is_not_in_force_cannot_be_revoked_twice() -> None:
    """The second time would tell another moment than the first."""
    tokens = (made("a"), made("b"))
    gone = without_token(tokens, "a", UNTIL)
    assert isinstance(gone, tuple)
    assert [one.revoked_at for one in gone] == [UNTIL, None]
    for name in ("a", "c"):
        found = without_token(gone, name, UNTIL)
        assert isinstance(found, Fault)


def test_a_full_list_takes_no_more() -> None:
    """A file that the node does not read any more would lock every program out."""
    full = tuple(made(f"t{number}") for number in range(TOKENS_MAX))
    found = with_token(full, made())
    assert isinstance(found, Fault)
    assert found.code == "token.too_many"


class TestLeftOver:
    """Tokens of the console's earlier rule, told apart from those of commands by the audit log."""

    @staticmethod
    def line(number: int, name: str, at: datetime) -> AuditEntry:
        """Return a line of the log; how lines hold together is of no matter here."""
        return AuditEntry(number, at, "admin-a", "token.issued", name, "", "0" * 64, "1" * 64)

    def test_one_that_the_log_knows_is_named(self) -> None:
        """Else the administrator who gave himself more than his role has keeps it unseen."""
        found = left_over([made()], [self.line(3, "desk", LONG_AGO)], self.line(1, "x", LONG_AGO), LONG_AGO)
        assert [(one.access.name, one.by) for one in found] == [("desk", "admin-a")]

    def test_one_of_a_command_is_not(self) -> None:
        """Under the same name, but issued at another time: what the page issued then was revoked long ago."""
        other = self.line(3, "desk", LONG_AGO + timedelta(hours=1))
        assert left_over([made()], [other], self.line(1, "x", UNTIL), LONG_AGO) == ()
        assert left_over([made()], [], None, LONG_AGO) == ()

    def test_what_the_page_issues_today_is_not(self) -> None:
        """A list of what is in order hides what is not."""
        name = f"{BOARD}hall"
        assert left_over([made(name)], [self.line(3, name, LONG_AGO)], None, LONG_AGO) == ()

    def test_a_log_that_does_not_reach_back_is_said(self) -> None:
        """Lines go after years; nobody can tell then, and saying that it is a command's would be a guess."""
        oldest = self.line(7, "x", LONG_AGO + timedelta(days=1))
        (found,) = left_over([made(), made("duty", "duty-a")], [], oldest, LONG_AGO)
        assert (found.access.name, found.by) == ("desk", "")
        assert left_over([made()], [], self.line(7, "x", LONG_AGO), LONG_AGO) == ()

    def test_one_that_ended_is_not(self) -> None:
        """Revoked or expired, it opens nothing."""
        lines = [self.line(3, "desk", LONG_AGO)]
        gone = made().model_copy(update={"revoked_at": LONG_AGO})
        assert left_over([gone], lines, None, LONG_AGO) == ()
        assert left_over([made()], lines, None, UNTIL) == ()
