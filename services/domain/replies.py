"""What a reply from a duty officer's telephone answers.

A code that was typed wins over the extension that the text was sent to; an extension wins over a guess. A text without
either counts only if exactly one page can be meant. Nothing is guessed: what is not wholly understood is answered by
one question, and the escalation goes on meanwhile, which is the safe side.

Source: docs/alerting/sms.md
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from schemas.officers import AnswerWord
from schemas.sms import AnswerablePage
from services.domain.reply_codes import code_from
from services.domain.reply_words import Failing, OptingOut, Phrase, parse

READ: Final = timedelta(seconds=5)
"""Nobody reads an SMS and answers it faster: what was told later is not what a text without a code answers."""
QUIET: Final = timedelta(minutes=30)
"""A page that is over or taken, and that no SMS named for so long, is not what a text without a code answers."""
TAKING: Final = frozenset({AnswerWord.RECEIVED, AnswerWord.HANDLING})
_HANDLED_BY_WEB: Final = 2
_HIGHEST: Final = 1
_SHORTEST_NUMBER: Final = 3
_CODE_FIRST: Final = re.compile(r"([0-9]{2,5})(?: (.+))?")


class Asked(Enum):
    """Why an officer is asked back."""

    NO_CODE = "no_code"
    """Several pages are open, or none, and the text names none."""
    UNKNOWN_CODE = "unknown_code"
    STALE_THREAD = "stale_thread"
    """It answers an SMS whose code rests no more."""
    TOO_EARLY = "too_early"
    """The page was told seconds ago; the text may answer an older one."""
    WEAK = "weak"
    """好的 without a code may be meant for somebody else."""
    ONE_AT_A_TIME = "one_at_a_time"
    """Several codes with another word than 收到."""
    TAKER = "taker"
    """转 to something that is no desk and no number."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One page is answered.

    Attributes:
        page: As it was when the reply came; ``page.holders`` is the exact set that it covers.
        word: As the officer said it; see ``counted`` for what an SMS is good for.
        taker: Behind 转: digits or the name of a desk; empty if it names none.
    """

    page: AnswerablePage
    word: AnswerWord
    taker: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AcknowledgeAll:
    """Several pages are acknowledged: exactly ``pages``.

    Attributes:
        pages: Those that it changes, in the order they were told; may be empty.
        left: Those told too lately to have been read; they stay open.
    """

    pages: tuple[AnswerablePage, ...]
    left: tuple[AnswerablePage, ...] = ()


@dataclass(frozen=True, slots=True)
class AlreadyAnswered:
    """Somebody took the page before. The answer is kept all the same: on level 1 a second officer's counts."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Ended:
    """The page is over. The answer is kept and changes nothing."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The words are clear, but not which page they answer.

    Attributes:
        code: The digits that were typed, if those are what is wrong.
        pages: What may be answered now.
    """

    asked: Asked
    pages: tuple[AnswerablePage, ...]
    code: str = ""


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """The words are not clear, so nothing is answered."""

    failing: Failing
    pages: tuple[AnswerablePage, ...]


@dataclass(frozen=True, slots=True)
class OptOut:
    """退订 from a duty number: the contact stays, and its leader is told of a gap."""


Reading = Answer | AcknowledgeAll | AlreadyAnswered | Ended | Ambiguous | NotUnderstood | OptOut


def read(
    text: str,
    *,
    extension: str,
    pages: Sequence[AnswerablePage],
    heard_at: datetime,
    signers: Sequence[str] = (),
) -> Reading:
    """Read a reply from a known number.

    Args:
        text: As decoded; any length, any characters.
        extension: Digits behind our own number that it was sent to; empty if there were none.
        pages: Everything that this number may answer, codes that still rest included; at most one for each code.
        heard_at: When it came, aware UTC.
        signers: What this number's officer may sign with, e.g. the display of the desk.

    Returns:
        A value for every text; it never raises.
    """
    phrase = parse(text, signers)
    open_pages = tuple(sorted((page for page in pages if not page.ended), key=lambda page: (page.told_at, page.code)))
    if isinstance(phrase, OptingOut):
        return OptOut()
    if isinstance(phrase, Failing):
        return NotUnderstood(phrase, open_pages)
    desk = _Desk({page.code: page for page in pages}, open_pages, heard_at)
    phrase = desk.with_code_behind_transfer(phrase)
    if phrase.taker.isdigit() and len(phrase.taker) < _SHORTEST_NUMBER:
        return Ambiguous(Asked.TAKER, open_pages)
    return desk.by_codes(phrase) if phrase.codes else desk.by_extension(phrase, extension)


def counted(word: AnswerWord, level: int) -> AnswerWord:
    """Return what a word is good for when it comes by SMS: on levels 1 and 2 *handling* needs the web or a PIN."""
    return AnswerWord.RECEIVED if word is AnswerWord.HANDLING and level <= _HANDLED_BY_WEB else word


@dataclass(frozen=True, slots=True)
class _Desk:
    """What lies before the officer."""

    by_code: Mapping[str, AnswerablePage]
    open_pages: tuple[AnswerablePage, ...]
    heard_at: datetime

    def with_code_behind_transfer(self, phrase: Phrase) -> Phrase:
        """转37 names the page, 转8612 the person: digits behind 转 are a code only if they are one here."""
        found = _CODE_FIRST.fullmatch(phrase.taker)
        if phrase.codes or found is None or found[1] not in self.by_code:
            return phrase
        return Phrase((found[1],), phrase.word, taker=found[2] or "")

    def by_codes(self, phrase: Phrase) -> Reading:
        unknown = next((code for code in phrase.codes if code not in self.by_code), None)
        if unknown is not None:
            return Ambiguous(Asked.UNKNOWN_CODE, self.open_pages, unknown[:6])
        named = [self.by_code[code] for code in phrase.codes]
        if len(named) == 1:
            return _settled(Answer(named[0], phrase.word or AnswerWord.RECEIVED, phrase.taker))
        if phrase.word is not AnswerWord.RECEIVED:
            return Ambiguous(Asked.ONE_AT_A_TIME, self.open_pages)
        return AcknowledgeAll(tuple(page for page in named if is_awaited(page)))

    def by_extension(self, phrase: Phrase, extension: str) -> Reading:
        if phrase.is_all:
            return self._all(phrase)
        if not extension:
            return self._bare(phrase)
        page = self.by_code.get(code_from(extension))
        if page is None:
            return Ambiguous(Asked.STALE_THREAD, self.open_pages)
        return _settled(Answer(page, phrase.word or AnswerWord.RECEIVED, phrase.taker))

    def _bare(self, phrase: Phrase) -> Reading:
        if phrase.is_weak:
            return Ambiguous(Asked.WEAK, self.open_pages)
        meant = [page for page in self.by_code.values() if self._may_be_meant(page)]
        meant = [page for page in meant if not page.is_test] or meant
        if len(meant) != 1:
            return Ambiguous(Asked.NO_CODE, self.open_pages)
        if not self._is_read(meant[0]):
            return Ambiguous(Asked.TOO_EARLY, self.open_pages)
        return _settled(Answer(meant[0], phrase.word or AnswerWord.RECEIVED, phrase.taker))

    def _all(self, phrase: Phrase) -> Reading:
        if phrase.word is not AnswerWord.RECEIVED or phrase.is_weak:
            return Ambiguous(Asked.ONE_AT_A_TIME, self.open_pages)
        changed = [page for page in self.open_pages if is_awaited(page)]
        return AcknowledgeAll(
            tuple(page for page in changed if self._is_read(page)),
            tuple(page for page in changed if not self._is_read(page)),
        )

    def _may_be_meant(self, page: AnswerablePage) -> bool:
        # A reply may be minutes on its way, and its page over by then: it must not fall to the next one.
        return (not page.ended and page.taken_word is None) or self.heard_at - page.told_at < QUIET

    def _is_read(self, page: AnswerablePage) -> bool:
        return self.heard_at - page.told_at >= READ


def is_awaited(page: AnswerablePage) -> bool:
    """Tell whether 收到 from this number changes anything: on level 1 each officer's own counts."""
    return not page.ended and (page.taken_word is None or (page.level == _HIGHEST and not page.answered_here))


def _settled(answer: Answer) -> Answer | AlreadyAnswered | Ended:
    page = answer.page
    if page.ended:
        return Ended(answer)
    is_news = answer.word not in TAKING or (
        answer.word is AnswerWord.HANDLING and page.taken_word is AnswerWord.RECEIVED
    )
    return answer if page.taken_word is None or is_news else AlreadyAnswered(answer)
