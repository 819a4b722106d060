"""What an officer was told lately, and under which codes: read once in a claim, which may show one officer hundreds."""

from datetime import datetime, timedelta
from typing import Final

from schemas.sms import CodeUse, SmsTold
from services.ports import Transaction

_TOLD_FOR: Final = timedelta(minutes=15)


class Lately:
    """Remembers what one transaction has read and written; ``begin`` forgets it for the next."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._uses: dict[str, dict[tuple[str, datetime], CodeUse]] = {}
        self._told: dict[str, list[SmsTold]] = {}

    def begin(self) -> None:
        """Forget everything: others may have written since."""
        self._uses.clear()
        self._told.clear()

    def uses_of(self, tx: Transaction, number: str) -> list[CodeUse]:
        """Return the reply codes of a number, in use or resting."""
        return list(self._of(tx, number).values())

    def keep_use(self, tx: Transaction, use: CodeUse) -> None:
        """Keep a reply code in place of the same opening."""
        self._of(tx, use.number)[use.code, use.opened_at] = use
        tx.paging.keep_use(use)

    def told_to(self, tx: Transaction, recipient: str, now: datetime) -> list[SmsTold]:
        """Return the SMS that an officer was sent in the last quarter of an hour, oldest first."""
        if recipient not in self._told:
            self._told[recipient] = tx.paging.told_to(recipient, now - _TOLD_FOR)
        return self._told[recipient]

    def add_told(self, tx: Transaction, told: SmsTold, now: datetime) -> None:
        """Keep that an SMS goes to an officer."""
        self.told_to(tx, told.recipient, now).append(told)
        tx.paging.add_told(told)

    def _of(self, tx: Transaction, number: str) -> dict[tuple[str, datetime], CodeUse]:
        if number not in self._uses:
            self._uses[number] = {(use.code, use.opened_at): use for use in tx.paging.uses_of(number)}
        return self._uses[number]
