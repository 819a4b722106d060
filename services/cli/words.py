"""What stages, answers, means and kinds are called at the desk; and what may be typed instead of a code."""

from collections.abc import Mapping
from typing import Final, TypeVar

from schemas.catalogue import TYPES
from schemas.control import ReceiptStage
from schemas.counties import COUNTIES, name_of
from schemas.errors import Fault, RequestError
from schemas.ids import is_county
from schemas.notices import NoticeKind
from services.domain import desk_words

K = TypeVar("K")


def _styled(words: Mapping[K, str], styles: Mapping[K, str]) -> Mapping[K, str]:
    return {key: f"[{styles[key]}]{word}[/]" if key in styles else word for key, word in words.items()}


_STAGE_STYLES: Final[Mapping[ReceiptStage, str]] = {
    ReceiptStage.ACKNOWLEDGED: "green",
    ReceiptStage.ACTIONED: "green",
    ReceiptStage.DECLINED: "red",
    ReceiptStage.REJECTED: "red",
    ReceiptStage.EXPIRED: "yellow",
    ReceiptStage.EXHAUSTED: "bold red",
}
STAGES: Final[Mapping[ReceiptStage, str]] = _styled(desk_words.STAGES, _STAGE_STYLES)
ANSWERS: Final = desk_words.ANSWERS
MEANS: Final = desk_words.MEANS
MARKS: Final = desk_words.MARKS
_NOTICE_STYLES: Final[Mapping[NoticeKind, str]] = {
    NoticeKind.NOT_STORED: "bold red",
    NoticeKind.NOT_ACKNOWLEDGED: "bold red",
    NoticeKind.REFUSED: "red",
    NoticeKind.QUARANTINED: "yellow",
    NoticeKind.FORKED: "bold red",
    NoticeKind.OWN_UNKNOWN: "bold red",
    NoticeKind.EXPIRING: "yellow",
    NoticeKind.KEY_REVOKED: "bold red",
    NoticeKind.CLOCK_AHEAD: "yellow",
    NoticeKind.PREDECESSOR_MISSING: "yellow",
    NoticeKind.SILENT: "bold red",
    NoticeKind.TWINS: "bold red",
    NoticeKind.EPOCH_DROPPED: "bold red",
    NoticeKind.MISSING: "bold red",
    NoticeKind.EXHAUSTED: "bold red",
    NoticeKind.OVERDUE: "bold red",
    NoticeKind.COVERAGE_GAP: "red",
    NoticeKind.SOURCE_NOT_TOLD: "red",
    NoticeKind.NOT_COUNTERSIGNED: "bold red",
    NoticeKind.CASE_DUE: "yellow",
    NoticeKind.NOT_ERASED: "bold red",
    NoticeKind.SERVICE_OVERDUE: "red",
    NoticeKind.PROVIDER_DOWN: "red",
    NoticeKind.CAP_HELD: "red",
    NoticeKind.CAP_FEED: "yellow",
    NoticeKind.CAP_ANSWER: "yellow",
}
NOTICES: Final[Mapping[NoticeKind, str]] = _styled(desk_words.NOTICES, _NOTICE_STYLES)


def county_name(code: str) -> str:
    """Name a county in a narrow column: Chinese name, or the code where the table lacks it."""
    return name_of(code)


def county_code(text: str) -> str:
    """Return the code of a county that was typed as code or as Chinese name.

    Raises:
        RequestError: It is neither.
    """
    if is_county(text):
        return text
    found = [one.code for one in COUNTIES.values() if text in {one.short_name, one.full_name}]
    if len(found) != 1:
        mend = f"`{text}` is no county known here; give its division code of six digits"
        raise RequestError(Fault("request.county", "--to", mend))
    return found[0]


def whole_type(text: str | None) -> str | None:
    """Complete a wire type that was typed by its last part, e.g. ``alert_issued``, or its Chinese title.

    Raises:
        RequestError: No single type of the catalogue fits.
    """
    if text is None or text.startswith("cn.sihu."):
        return text
    found = [one.wire_type for one in TYPES if text in one.wire_type.split(".") or text == one.title_zh]
    if len(found) != 1:
        mend = f"there is no single type `{text}`; `sihu schema` lists them"
        raise RequestError(Fault("event.unknown_type", "--type", mend))
    return found[0]
