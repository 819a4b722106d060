"""docs/people.md: its examples are taken by a node, and its table of purposes is that of the code."""

import json
import re
from pathlib import Path

from schemas.information.referrals import FIELDS_OF
from services.domain.course_drafts import offer_draft, request_draft
from tests import papers
from tests.coursework import sent, three_counties
from tests.papers import LIBO

TEXT = (Path(__file__).parents[3] / "docs" / "people.md").read_text(encoding="utf-8")


async def test_the_examples_are_refused() -> None:
    """What an officer copies must go out."""
    case, request = map(json.loads, re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL))
    libo = (await three_counties())[LIBO]
    now = libo.clock.now()

    assert await sent(libo, offer_draft(papers.AGREEMENT, case, number="1" * 32, now=now))
    assert await sent(libo, request_draft(papers.AGREEMENT, request, number="2" * 32))


def test_the_table_of_purposes_is_another_than_the_rule() -> None:
    """Whoever asks for a consent reads there what may be asked for."""
    rows = re.findall(r"^\| `(\w+)` \| ([\w, ]+) \|$", TEXT, re.MULTILINE)
    told = {purpose: set(fields.split(", ")) for purpose, fields in rows}

    assert told == {purpose.value: {field.value for field in fields} for purpose, fields in FIELDS_OF.items()}
