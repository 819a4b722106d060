"""What joint mediation needs of a store; part of ``services.ports``, which see."""

from typing import Protocol

from schemas.cases import CaseEntry, CaseRow


class CasesShown(Protocol):
    """Reading cases."""

    def case(self, case_id: str) -> CaseRow | None:
        """Return one case, or None."""

    def newest(self, *, open_only: bool, limit: int) -> list[CaseRow]:
        """Return cases, the one that changed last first; open ones are neither closed nor archived."""

    def entries(self, case_id: str) -> list[CaseEntry]:
        """Return every entry of a case that is here, by envelope id; also where its registration is not."""


class CaseBook(CasesShown, Protocol):
    """Writing them."""

    def add(self, entry: CaseEntry) -> None:
        """Keep an entry; the same one again changes nothing."""

    def keep(self, row: CaseRow) -> None:
        """Keep a case in place of what was kept of it."""


class ShowsCases(Protocol):
    """A snapshot that shows cases."""

    @property
    def cases(self) -> CasesShown:
        """Cases of joint mediation."""


class KeepsCases(ShowsCases, Protocol):
    """A transaction that writes them."""

    @property
    def cases(self) -> CaseBook:
        """Cases of joint mediation."""
