"""What an SMS says: level, place, kind, code, and nothing else.

SMS is plain to carriers. So no free text of an event goes into one: no headline, no description, no name of an area as
somebody wrote it, for any of them may hold a person's name, and no rule can tell. The place is a county of our own
table, the kind a row of the code table or the class of the event. Whoever needs more looks at the console.

Every text has one form, which is also what a template gateway has to have registered. Its variables are bounded so
that the whole, signature and 【演练】 included, is one SMS.

Source: docs/alerting/sms.md
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from schemas.base import Status
from schemas.counties import COUNTIES, name_of
from schemas.errors import Fault, InvariantError
from schemas.information.alerts import Alert, AlertCancelled, AlertUpdated
from schemas.information.event_codes import EVENT_CODES, SCHEME, EventClass
from services.domain.levels import LevelChange, effective_level
from services.domain.personal_numbers import find_numbers
from services.domain.sms_parts import units

VARIABLE_MOST: Final = 10
"""Characters of a variable; a gateway that takes fewer says so in its settings."""
VARIABLE_LEAST: Final = 6
SIGNATURE_MOST: Final = 12
_SIGNATURE_LEAST: Final = 2
_PHONE_MOST: Final = 14
_SOURCE_MOST: Final = 6
_COUNT_MOST: Final = 999
_NAMED_PLACES: Final = 2
_LEVELS: Final = range(1, 5)

EXERCISE_MARK: Final = "【演练】"
TEST_MARK: Final = "【测试】"
EXERCISE_SUFFIX: Final = "_exercise"
TEST_SUFFIX: Final = "_test"
_CODE: Final = re.compile(r"[1-9][0-9]{1,4}")
_WITHHELD: Final = "（略）"
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_CLASS_NAMES: Final = {
    EventClass.NATURAL: "自然灾害",
    EventClass.ACCIDENT: "事故灾难",
    EventClass.HEALTH: "公共卫生事件",
    EventClass.SAFETY: "社会安全事件",
}


class SmsKind(StrEnum):
    """What an SMS is about; the value names the template."""

    ISSUED = "alert_issued"
    UPDATED = "alert_updated"
    RAISED = "alert_raised"
    CANCELLED = "alert_cancelled"
    REMINDER = "alert_reminder"
    PASSED_ON = "alert_passed_on"
    """Somebody passed it on to this officer."""
    FALSE_ALARM = "alert_called_false"
    """Somebody calls it a false alarm; for the leader."""
    BUNDLE = "alert_bundle"
    ALL_CLEARS = "alerts_cancelled"
    """Several that ended."""
    SILENT = "neighbour_silent"
    NUMBER_TEST = "number_test"
    DIGEST = "digest"


FORMS: Final[dict[SmsKind, str]] = {
    SmsKind.ISSUED: "{source}发{level}级预警：{place}，{event}。回复{code}收到。",
    SmsKind.UPDATED: "{source}更新{level}级预警：{place}，{event}。回复{code}收到。",
    SmsKind.RAISED: "{source}预警升为{level}级：{place}，{event}。回复{code}收到。",
    SmsKind.CANCELLED: "{source}解除预警：{place}，{event}。编号{code}不用再答。",
    SmsKind.REMINDER: "提醒：{source}发的{level}级预警还在办，{place}，{event}。回复{code}收到。",
    SmsKind.PASSED_ON: "转给您：{source}发{level}级预警，{place}，{event}。回复{code}收到。",
    SmsKind.FALSE_ALARM: "误报待核实：{source}发{level}级预警，{place}，{event}。回复{code}收到。",
    SmsKind.BUNDLE: "{level}级等预警共{count}条：{place}，{event}等。回复{code}收到，算全部签收。",
    SmsKind.ALL_CLEARS: "{source}等解除预警共{count}条：{place}，{event}等。都不用再答。",
    SmsKind.SILENT: "{source}未答本县{level}级预警，请打其值班电话{phone}。回复{code}收到。",
    SmsKind.NUMBER_TEST: "值班号码每月核对，不是预警。回复{code}收到。",
    SmsKind.DIGEST: "有{count}件通报待阅，请到值班台看。",
}
"""Each kind's text; what stands in braces is its variables, in this order, each once."""

_VARIABLE: Final = re.compile(r"\{([a-z]+)\}")


class SignaturePlace(StrEnum):
    """Where a carrier wants the signature."""

    NONE = "none"
    """There is none, or the carrier adds it: then ``segment`` is told how much room it takes."""
    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Signature:
    """The sender's registered name at one provider, without its brackets; 2 to 12 characters."""

    name: str = ""
    place: SignaturePlace = SignaturePlace.NONE


@dataclass(frozen=True, slots=True)
class SmsFacts:
    """What one SMS is made of. What its kind does not use stays empty.

    Attributes:
        level: 1 (highest) to 4.
        source: Short name of the county that speaks.
        place: Where, from ``place_of``.
        event: What, from ``event_of``.
        code: The reply code, two digits or more.
        count: Of a bundle, a digest, or all-clears.
        phone: Duty telephone of an office, never a person's.
    """

    kind: SmsKind
    level: int = 0
    source: str = ""
    place: str = ""
    event: str = ""
    code: str = ""
    count: int = 0
    phone: str = ""
    status: Status = Status.ACTUAL


@dataclass(frozen=True, slots=True)
class SmsText:
    """What goes into a ``Dispatch``: ``text`` where free text is taken, else ``template`` and ``variables``."""

    text: str
    template: str
    variables: tuple[tuple[str, str], ...]


def judge_signature(signature: Signature) -> Fault | None:
    """Tell what is wrong with a configured signature, or None."""
    if signature.place is SignaturePlace.NONE:
        return (
            Fault("sms.signature", "signature.name", "leave it empty, or say first or last") if signature.name else None
        )
    name = signature.name
    if not _SIGNATURE_LEAST <= units(name) <= SIGNATURE_MOST or name != _plain(name, SIGNATURE_MOST):
        mend = f"write {_SIGNATURE_LEAST} to {SIGNATURE_MOST} characters without brackets, as the carrier registered it"
        return Fault("sms.signature", "signature.name", mend)
    return None


def compose(facts: SmsFacts, signature: Signature = Signature(), *, most: int = VARIABLE_MOST) -> SmsText:
    """Return the text of one SMS, and the same as a template with variables.

    Whatever the facts, the text is one SMS. A signature that must come first stands before 【演练】:
    the carrier refuses the text otherwise. A template carries no signature, for its gateway adds it.

    Args:
        facts: As known here; every text is cleaned and cut.
        signature: As ``judge_signature`` passed it.
        most: Longest variable that the gateway takes, ``VARIABLE_LEAST`` to ``VARIABLE_MOST`` characters; a telephone
            number may be longer.

    Raises:
        InvariantError: The kind's level or code is missing, or ``most`` is out of range.
    """
    if not VARIABLE_LEAST <= most <= VARIABLE_MOST:
        raise InvariantError(f"a variable has {VARIABLE_LEAST} to {VARIABLE_MOST} characters at most")
    form = FORMS[facts.kind]
    variables = tuple((name, _variable(facts, name, most)) for name in _VARIABLE.findall(form))
    mark, suffix = _MARKS.get(facts.status, ("", ""))
    body = mark + form.format_map(dict(variables))
    return SmsText(_signed(body, signature), facts.kind.value + suffix, variables)


_MARKS: Final = {
    Status.EXERCISE: (EXERCISE_MARK, EXERCISE_SUFFIX),
    Status.TEST: (TEST_MARK, TEST_SUFFIX),
}


def templates() -> Iterable[tuple[str, str]]:
    """Yield what a template gateway has to register: each name and its text with variables in braces."""
    for mark, suffix in (("", ""), *_MARKS.values()):
        for kind, form in FORMS.items():
            yield kind.value + suffix, mark + form


def facts_of(
    alert: Alert, source: str, *, code: str, status: Status, change: LevelChange = LevelChange.SAME
) -> SmsFacts:
    """Return what an SMS may say of an alert.

    Args:
        alert: As it came, whatever its free texts hold.
        source: Division code of the county that sent it.
        code: The reply code of this alert and number.
        status: Of the envelope.
        change: What an update does to the level.
    """
    kind = SmsKind.ISSUED
    if isinstance(alert, AlertCancelled):
        kind = SmsKind.CANCELLED
    elif isinstance(alert, AlertUpdated):
        kind = SmsKind.RAISED if change is LevelChange.RAISED else SmsKind.UPDATED
    return SmsFacts(
        kind=kind,
        level=effective_level(alert),
        source=name_of(source),
        place=place_of([code for area in alert.areas for code in area.adcodes], source),
        event=event_of(alert),
        code=code,
        status=status,
    )


def event_of(alert: Alert) -> str:
    """Return the kind of an event by our own table; its class if the table lacks it, never its name as written."""
    row = EVENT_CODES.get(alert.event_code) if alert.code_scheme == SCHEME else None
    return row.name if row else _CLASS_NAMES[alert.event_class]


def place_of(codes: Sequence[str], source: str) -> str:
    """Return where, in at most ``VARIABLE_MOST`` characters.

    Args:
        codes: Division codes of the areas, the most important first; doubles are fine.
        source: Division code of the county that speaks: the place if the areas have no code.
    """
    names = list(dict.fromkeys(_division(code) for code in codes or (source,)))
    if len(names) <= _NAMED_PLACES and len(both := "、".join(names)) <= VARIABLE_MOST:
        return both
    rest = f"等{len(names)}地"
    for shown in range(_NAMED_PLACES, 0, -1):
        line = "、".join(names[:shown]) + rest
        if len(line) <= VARIABLE_MOST:
            return line
    return _cut(names[0], VARIABLE_MOST - len(rest)) + rest


def _division(code: str) -> str:
    if code in COUNTIES:
        return COUNTIES[code].short_name
    if code.endswith("0000"):
        return next((one.province for one in COUNTIES.values() if one.code[:2] == code[:2]), code)
    if code.endswith("00"):
        return next((one.prefecture for one in COUNTIES.values() if one.code[:4] == code[:4]), code)
    return code


def _variable(facts: SmsFacts, name: str, most: int) -> str:
    match name:
        case "level":
            if facts.level not in _LEVELS:
                raise InvariantError(f"an SMS {facts.kind} says a level from 1 to 4")
            return str(facts.level)
        case "code":
            if _CODE.fullmatch(facts.code) is None:
                raise InvariantError(f"an SMS {facts.kind} needs a reply code")
            return facts.code
        case "count":
            return f"{_COUNT_MOST}+" if facts.count > _COUNT_MOST else str(facts.count)
        case "phone":
            return _phone(facts.phone)
        case _:
            limit = min(most, _SOURCE_MOST) if name == "source" else most
            return _plain(getattr(facts, name), limit) or "未知"


def _phone(text: str) -> str:
    digits = "".join(char for char in text if char in "0123456789-+")
    return digits if 0 < len(digits) <= _PHONE_MOST else digits.replace("-", "")[:_PHONE_MOST] or "未登记"


def _plain(text: str, most: int) -> str:
    """Return one line without anything unseen, brackets that carriers take for a signature, or a person's number."""
    seen = "".join(char for char in unicodedata.normalize("NFC", text) if unicodedata.category(char) not in _UNSEEN)
    line = " ".join(seen.replace("【", "（").replace("】", "）").split())
    return _cut(_WITHHELD if any(find_numbers(line)) else line, most)


def _cut(text: str, most: int) -> str:
    if units(text) <= most:
        return text
    while units(text) >= most:
        text = text[:-1]
    return text + "…"


def _signed(body: str, signature: Signature) -> str:
    if signature.place is SignaturePlace.NONE:
        return body
    name = f"【{signature.name}】"
    return name + body if signature.place is SignaturePlace.FIRST else body + name
