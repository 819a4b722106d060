"""Texts that have a form: the pattern, the type, and the plain words that say it.

The words stand beside the pattern so that whoever breaks the form is told what to write, never a
regular expression. Patterns keep to what Rust, Python and ECMAScript read alike, for they are
published in the JSON Schemas.
"""

from typing import Annotated, Final

from pydantic import StringConstraints

from schemas.ids import COUNTY_PATTERN, EPOCH_PATTERN, HEX32_PATTERN, HEX64_PATTERN, WIRE_TYPE_PATTERN

# Control characters and those that turn the direction of writing have no place in a notice.
_UNSEEN: Final = r"\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069"
_UNSEEN_BUT_NEWLINE: Final = r"\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069"
_NUMBER: Final = r"(?:0|[1-9][0-9]{0,2})(?:\.[0-9]{1,15})?"
_POINT: Final = rf"-?{_NUMBER},-?{_NUMBER}"

LINE_PATTERN: Final = rf"^[^\s{_UNSEEN}](?:[^{_UNSEEN}]*[^\s{_UNSEEN}])?$"
TEXT_PATTERN: Final = rf"^[^\s{_UNSEEN}](?:[^{_UNSEEN_BUT_NEWLINE}]*[^\s{_UNSEEN}])?$"
_ESCAPE: Final = (
    r"\\(?:\\|u(?:00[01][0-9a-f]|007f|00[89a-f][0-9a-f]|0[1-9a-f][0-9a-f]{2}|[1-9a-f][0-9a-f]{3})"
    r"|U00(?:0[1-9a-f]|10)[0-9a-f]{4})"
)
ESCAPED_PATTERN: Final = (
    rf"^(?:\\e|(?:[^\s\\{_UNSEEN}]|\\s|{_ESCAPE})"
    rf"(?:(?:[^\\{_UNSEEN_BUT_NEWLINE}]|{_ESCAPE})*(?:[^\s\\{_UNSEEN}]|\\s|{_ESCAPE}))?)$"
)
# No letter and no digit of ASCII can be written as an escape, nor a blank between two: the guards must see them.
ALERT_ID_PATTERN: Final = r"^[1-9][0-9]{13}_[0-9]{14}_[0-9]$"
EVENT_CODE_PATTERN: Final = r"^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$"
PHONE_PATTERN: Final = r"^\+?[0-9](?:[0-9 -]{1,22})[0-9]$"
AMOUNT_PATTERN: Final = r"^(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,2})?$"
DECIMAL_PATTERN: Final = r"^-?(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,6})?$"
POLYGON_PATTERN: Final = rf"^{_POINT}(?: {_POINT}){{3,}}$"
CIRCLE_PATTERN: Final = rf"^{_POINT} {_NUMBER}$"
POINT_PATTERN: Final = rf"^{_POINT}$"
LANGUAGE_PATTERN: Final = r"^[a-z]{2,3}(?:-[0-9A-Za-z]{2,8}){0,3}$"
MEDIA_TYPE_PATTERN: Final = r"^[a-z0-9][a-z0-9.+-]{0,63}/[a-z0-9][a-z0-9.+-]{0,63}$"
FILE_NAME_PATTERN: Final = rf"^[^\s/\\.{_UNSEEN}](?:[^/\\{_UNSEEN}]*[^\s/\\{_UNSEEN}])?$"
METHOD_PATTERN: Final = r"^[a-z][a-z0-9.-]{0,31}$"
PARTY_PATTERN: Final = r"^p[1-9][0-9]?$"
MEDIATOR_PATTERN: Final = r"^m[1-9][0-9]?$"
_THREAD: Final = r"[1-9][0-9]{5}-[a-z](?:[a-z0-9-]{0,46}[a-z0-9])?"
THREAD_PATTERN: Final = rf"^{_THREAD}$"
CALENDAR_UID_PATTERN: Final = rf"^{_THREAD}@sihu$"
IDENTITY_PATTERN: Final = r"^[1-9][0-9]{16}[0-9X]$"
ITEM_PATTERN: Final = r"^[0-9A-Za-z](?:[0-9A-Za-z-]{0,46}[0-9A-Za-z])?$"
MOBILE_PATTERN: Final = r"^1[3-9][0-9]{9}$"

FORMS: Final[dict[str, str]] = {
    LINE_PATTERN: "one line of text without a blank at either end and without control characters",
    TEXT_PATTERN: "text without a blank at either end and without control characters; line feeds are fine",
    ESCAPED_PATTERN: r"text whose blanks at either end, unseen characters and `\` are escapes: `\s`, `\u0009`, `\\`",
    ALERT_ID_PATTERN: "31 characters (GB/T 35965.1): 14 digits of the issuing office, _, YYYYMMDDhhmmss, _, one digit",
    EVENT_CODE_PATTERN: "1 to 32 Latin letters, digits, dots, dashes or underscores, e.g. 11B03",
    PHONE_PATTERN: "a telephone number of 3 to 25 digits, blanks or dashes, e.g. 0778-1234567",
    AMOUNT_PATTERN: 'a number as a string, at most 12 digits and 2 decimals, e.g. "1250000.00"',
    DECIMAL_PATTERN: 'a number as a string, at most 9 digits and 6 decimals, e.g. "86.5"',
    POLYGON_PATTERN: "four or more points `latitude,longitude`, single blanks between, the last equal to the first",
    CIRCLE_PATTERN: "a point `latitude,longitude`, one blank, and the radius in kilometres, e.g. 25.41,107.88 12.5",
    POINT_PATTERN: "a point `latitude,longitude` in degrees, e.g. 24.83,108.26",
    LANGUAGE_PATTERN: "a language tag after BCP 47, e.g. zh-CN or za",
    MEDIA_TYPE_PATTERN: "a media type in lower case, e.g. application/pdf",
    FILE_NAME_PATTERN: "a file name without slashes and without a leading dot",
    PARTY_PATTERN: "a party of the case by its reference: p and a number, e.g. p1",
    MEDIATOR_PATTERN: "a mediator of the case by reference: m and a number, e.g. m1",
    IDENTITY_PATTERN: "a resident identity number of 18 digits; the last one may be X",
    ITEM_PATTERN: "1 to 48 Latin letters, digits or dashes, e.g. pension-transfer",
    MOBILE_PATTERN: "a mobile number of 11 digits",
    METHOD_PATTERN: "lower-case letters, digits, dots and dashes, e.g. sihu-1",
    THREAD_PATTERN: "the code of the county that opens it, a dash and a name, e.g. 451226-oranges-2027",
    CALENDAR_UID_PATTERN: "the code of the county that leads, a dash, a name and @sihu, e.g. 451226-fenlong-2027@sihu",
    COUNTY_PATTERN: "the six digits of a division code after GB/T 2260, e.g. 451226",
    HEX64_PATTERN: "64 lower-case hexadecimal digits",
    HEX32_PATTERN: "32 lower-case hexadecimal digits",
    EPOCH_PATTERN: "a counter, a dash and 16 lower-case hexadecimal digits",
    WIRE_TYPE_PATTERN: "a type of the catalogue, e.g. cn.sihu.information.alert_issued.v1",
}
"""Pattern → what to write, in words."""

DivisionCode = Annotated[str, StringConstraints(pattern=COUNTY_PATTERN)]
"""Six digits GB/T 2260: a province, a prefecture or a county; never anything below a county."""

Label = Annotated[str, StringConstraints(max_length=30, pattern=LINE_PATTERN)]
Name = Annotated[str, StringConstraints(max_length=60, pattern=LINE_PATTERN)]
Line = Annotated[str, StringConstraints(max_length=120, pattern=LINE_PATTERN)]
Note = Annotated[str, StringConstraints(max_length=500, pattern=TEXT_PATTERN)]
LongText = Annotated[str, StringConstraints(max_length=2000, pattern=TEXT_PATTERN)]
Body = Annotated[str, StringConstraints(max_length=8000, pattern=TEXT_PATTERN)]

AlertId = Annotated[str, StringConstraints(pattern=ALERT_ID_PATTERN)]
EventCodeText = Annotated[str, StringConstraints(pattern=EVENT_CODE_PATTERN)]
Phone = Annotated[str, StringConstraints(pattern=PHONE_PATTERN)]
Amount = Annotated[str, StringConstraints(pattern=AMOUNT_PATTERN)]
"""A decimal that is never negative, as a string."""

Decimal = Annotated[str, StringConstraints(pattern=DECIMAL_PATTERN)]
Polygon = Annotated[str, StringConstraints(max_length=40_000, pattern=POLYGON_PATTERN)]
Circle = Annotated[str, StringConstraints(max_length=80, pattern=CIRCLE_PATTERN)]
Point = Annotated[str, StringConstraints(pattern=POINT_PATTERN)]
Language = Annotated[str, StringConstraints(pattern=LANGUAGE_PATTERN)]
MediaType = Annotated[str, StringConstraints(pattern=MEDIA_TYPE_PATTERN)]
FileName = Annotated[str, StringConstraints(max_length=120, pattern=FILE_NAME_PATTERN)]
MethodVersion = Annotated[str, StringConstraints(pattern=METHOD_PATTERN)]
ThreadId = Annotated[str, StringConstraints(pattern=THREAD_PATTERN)]
"""Names an offer or a project: its first six digits are the county that opened it, and nobody else may."""

CalendarUid = Annotated[str, StringConstraints(pattern=CALENDAR_UID_PATTERN)]
"""Names a campaign, and is the UID of its calendar entry (RFC 5545); its first six digits are the county that leads."""
