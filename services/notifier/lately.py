"""What an officer was told lately, and under which codes: read once in a claim, which may show one officer hundreds."""

from datetime import datetime

from schemas.sms import CodeUse, SmsTold, Suppression
from services.domain.reply_codes import Codes
from services.domain.storms import MEMORY, History
from services.ports import Transaction


class Lately:
    """Remembers what one transaction has read and written; ``begin`` forgets it for the next."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._codes: dict[str, Codes] = {}
        self._histories: dict[str, History] = {}
        self._held: dict[str, list[Suppression]] = {}

    def begin(self) -> None:
        """Forget everything: others may have written since."""
        self._codes.clear()
        self._histories.clear()
        self._held.clear()

    def codes_of(self, tx: Transaction, number: str, now: datetime) -> Codes:
        """Return the reply codes of a number, in use or resting."""
        if number not in self._codes:
            self._codes[number] = Codes(tx.paging.uses_of(number), now)
        return self._codes[number]

    def keep_use(self, tx: Transaction, use: CodeUse, now: datetime) -> None:
        """Keep a reply code in place of the same opening."""
        self.codes_of(tx, use.number, now).add(use)
        tx.paging.keep_use(use)

    def history_of(self, tx: Transaction, recipient: str, now: datetime) -> History:
        """Return the SMS that an officer was sent in the last quarter of an hour."""
        if recipient not in self._histories:
            self._histories[recipient] = History(recipient, tx.paging.told_to(recipient, now - MEMORY), now)
        return self._histories[recipient]

    def add_told(self, tx: Transaction, told: SmsTold, now: datetime) -> None:
        """Keep that an SMS goes to an officer."""
        self.history_of(tx, told.recipient, now).add(told)
        tx.paging.add_told(told)

    def held_for(self, tx: Transaction, recipient: str) -> list[Suppression]:
        """Return the SMS that are held back for an officer and were not told of yet."""
        if recipient not in self._held:
            self._held[recipient] = tx.paging.held_for(recipient)
        return self._held[recipient]

    def hold(self, tx: Transaction, one: Suppression) -> None:
        """Keep that a page is held back, or that it was told of."""
        tx.paging.keep_suppression(one)
        self.forget_held(one.recipient)

    def forget_held(self, recipient: str) -> None:
        """Read anew what is held back for an officer: it was changed."""
        self._held.pop(recipient, None)
