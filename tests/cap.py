"""CAP 1.2 for tests: documents of our own that use every element, and Hypothesis strategies over the whole grammar."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeVar

from hypothesis import strategies as st

from schemas.cap import CapAlert, CapArea, CapInfo, CapPair, CapResource
from schemas.information.alert_parts import DutyContact
from services.domain.cap_reading import ImportDesk

T = TypeVar("T")

DESK = ImportDesk("52272241600000", DutyContact(office="荔波县值班室", phone="0854-3612345"))

URGENCIES = ("Immediate", "Expected", "Future", "Past", "Unknown")
SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
CERTAINTIES = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")
CATEGORIES = (
    *("Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health"),
    *("Env", "Transport", "Infra", "CBRNE", "Other"),
)
RESPONSES = ("Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None")

PLAIN = CapInfo(("Met",), "Rainstorm", "Immediate", "Severe", "Observed")

WHOLE = CapAlert(
    identifier="TEST-2025-0611-001",
    sender="forecast@weather.example",
    sent="2025-06-11T08:30:00+08:00",
    status="Exercise",
    msg_type="Update",
    source="Desk 3",
    scope="Restricted",
    restriction="Members of the pilot",
    addresses="north@weather.example south@weather.example",
    codes=("profile:test:1.0", "layer:test"),
    note="Corrects the area.",
    references="forecast@weather.example,TEST-2025-0611-000,2025-06-11T07:00:00+08:00",
    incidents="river-17 'upper dam'",
    infos=(
        CapInfo(
            language="en-GB",
            categories=("Met", "Env"),
            event="A rainstorm of a kind that is seen once in thirty years",
            response_types=("Prepare", "Avoid", "Prepare"),
            urgency="Expected",
            severity="Extreme",
            certainty="Likely",
            audience="Everybody near the river",
            event_codes=(CapPair("local", "R1"), CapPair("", "")),
            effective="2025-06-11T08:30:00+08:00",
            onset="2025-06-11T10:00:00-00:00",
            expires="2025-06-12T08:30:00+05:30",
            sender_name="Weather Office",
            headline="A headline that says far more than the sixty characters which an alert of ours may have",
            description="First line.\n\tSecond line, set in.\n\n" + "Rain. " * 400,
            instruction=" Leave the banks. ",
            web="https://weather.example/1",
            contact="Weather Office, desk 3",
            parameters=(
                CapPair("gust", "27 m/s"),
                CapPair("gust", "27 m/s"),
                CapPair("A name of more than thirty characters", "x" * 300),
                CapPair("sihu:warningLevel", "3"),
            ),
            resources=(
                CapResource(
                    "Map", "image/png", "2048", "maps/1.png", "aGVsbG8=", "da39a3ee5e6b4b0d3255bfef95601890afd80709"
                ),
                CapResource("Text only", "text/plain"),
            ),
            areas=(
                CapArea(
                    "Upper valley",
                    polygons=("25.1,107.9 25.2,107.9 25.2,108.0 25.1,107.9", "1,1 2,2 3,3 4,4"),
                    circles=("25.41,107.88 12.5", "25,107 0"),
                    geocodes=(CapPair("GB/T 2260", "522722"), CapPair("UGC", "Z17")),
                    altitude="1200.5",
                    ceiling="3000",
                ),
                CapArea("Lower valley", ceiling=" 12 "),
            ),
        ),
        replace(
            PLAIN, language="zh-CN", headline="暴雨红色预警", description="强降雨将持续。", areas=(CapArea("荔波县"),)
        ),
        replace(PLAIN, language="fr-CA", headline="Fortes pluies", instruction="Restez chez vous."),
        replace(PLAIN, language="fr-CA", headline="Encore", description=""),
    ),
)
"""A foreign document in which every element of CAP 1.2 stands, many times where that is allowed, in awkward forms."""

LEAST = CapAlert("1", "a", "2025-06-11T08:30:00+08:00", "Actual", "Alert", "Public")
"""The smallest valid document."""

_texts = st.text(
    st.characters(blacklist_categories=["Cs", "Cc", "Cn"], whitelist_characters="\t\n\u202e\\"),
    max_size=40,
)
_long = _texts | st.sampled_from(["x" * 61, "雨" * 2100, " a ", "e\u0301", "1 " * 80, "…"])
_offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@st.composite
def _times(draw: st.DrawFn, low: int = 2000, high: int = 2060) -> str:
    moment = draw(st.datetimes(datetime(low, 1, 1), datetime(high, 12, 31), timezones=_offsets))  # noqa: DTZ001
    return moment.isoformat(timespec="seconds")


_pairs = st.builds(CapPair, _long, _long) | st.sampled_from(
    [
        CapPair("GB/T 2260", "522722"),
        CapPair("GB/T 35561", "11B03"),
        CapPair("sihu:warningLevel", "2"),
        CapPair("colour", "red"),
    ]
)
_polygons = _texts | st.sampled_from(
    ["1,1 2,2 3,3 1,1", "25.10,107.9 25.2,107.9 25.2,108.0 25.10,107.9", "91,1 2,2 3,3 91,1"]
)
_decimals = st.sampled_from(["0", "12.5", "-3", " 7 ", "+4.50", "1000000000000"])
_mimes = st.sampled_from(["image/png", "text/plain"])
_digits = st.integers(0, 10**6).map(str)
_uris = st.sampled_from(["https://a.example/x", "x.png", ""])


def _lists(drawn: st.SearchStrategy[T], most: int = 3) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(drawn, max_size=most).map(tuple)


_areas = st.builds(
    CapArea,
    desc=_long,
    polygons=_lists(_polygons),
    circles=_lists(_texts | st.sampled_from(["25.41,107.88 12.5", "1,1 0"])),
    geocodes=_lists(_pairs),
    altitude=st.none() | _decimals,
    ceiling=st.none() | _decimals,
)
_resources = st.builds(
    CapResource,
    desc=_long,
    mime_type=_mimes,
    size=st.none() | _digits,
    uri=st.none() | _uris,
    deref_uri=st.none() | _texts,
    digest=st.none() | _texts,
)
infos = st.builds(
    CapInfo,
    language=st.none() | st.sampled_from(["zh-CN", "zh", "en-US", "en-us", "za", "fr-CA", "x-private-language"]),
    categories=st.lists(st.sampled_from(CATEGORIES), min_size=1, max_size=3).map(tuple),
    event=_long,
    response_types=_lists(st.sampled_from(RESPONSES)),
    urgency=st.sampled_from(URGENCIES),
    severity=st.sampled_from(SEVERITIES),
    certainty=st.sampled_from(CERTAINTIES),
    audience=st.none() | _long,
    event_codes=_lists(_pairs),
    effective=st.none() | _times(),
    onset=st.none() | _times(),
    expires=st.none() | _times(),
    sender_name=st.none() | _long,
    headline=st.none() | _long,
    description=st.none() | _long,
    instruction=st.none() | _long,
    web=st.none() | _uris,
    contact=st.none() | _long,
    parameters=_lists(_pairs),
    resources=_lists(_resources, 2),
    areas=_lists(_areas, 2),
)


@st.composite
def documents(draw: st.DrawFn) -> CapAlert:
    """Any document of CAP 1.2 that is no answer and keeps the rules beyond the schema."""
    sent = draw(_times(1980))
    scope = draw(st.sampled_from(["Public", "Restricted", "Private"]))
    message_type = draw(st.sampled_from(["Alert", "Update", "Cancel"]))
    before = (datetime.fromisoformat(sent).astimezone(UTC) - timedelta(hours=1)).isoformat(timespec="seconds")
    references = [
        f"{draw(st.sampled_from(['a', 'b@c.example']))},{number},{before}" for number in range(draw(st.integers(0, 4)))
    ]
    if message_type == "Cancel" and not references:
        references = [f"a,0,{before}"]
    gap = draw(st.sampled_from([" ", "\n  "]))
    return CapAlert(
        identifier="doc" + draw(st.integers(0, 10**6).map(str)),
        sender=draw(st.sampled_from(["a", "b@c.example", "x" * 130])),
        sent=sent,
        status=draw(st.sampled_from(["Actual", "Exercise", "System", "Test", "Draft"])),
        msg_type=message_type,
        source=draw(st.none() | _long),
        scope=scope,
        restriction="Members" if scope == "Restricted" else draw(st.sampled_from([None, ""])),
        addresses="a b" if scope == "Private" else draw(st.none() | _texts),
        codes=draw(_lists(_texts)),
        note=draw(st.none() | _long),
        references=gap.join(references) if references else draw(st.sampled_from([None, ""])),
        incidents=draw(st.none() | _texts),
        infos=draw(_lists(infos, 4)),
    )
