"""Opening what exchanges CAP documents: nothing where no office is set, and every mistake is named at the start."""

import subprocess
import sys
from pathlib import Path

import pytest

from schemas.errors import RequestError
from services.bootstrap.cap_node import rules_of
from services.settings import CapFeedSettings
from tests.cap_node import cap_at
from tests.papers import LIBO
from tests.world import County, World


@pytest.fixture
def county() -> County:
    return World()[LIBO]


def test_a_node_carries_xml_that_it_does_not_use() -> None:
    """Its parser and its signatures are tens of MiB, which a county without CAP need not have."""
    code = "import sys, services.bootstrap.node; sys.exit(len({'lxml', 'signxml'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_a_county_without_an_office_for_cap_opens_something(county: County, tmp_path: Path) -> None:
    """It runs as before."""
    async with cap_at(county, tmp_path, office=""):
        assert county.cap is None


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('key_file = "none.key"\ncertificate_file = "none.pem"\n', "none.pem"),
        ('signers_folder = "bad"\n', "x.pem"),
    ],
)
async def test_a_file_that_is_none_is_found_at_night(county: County, tmp_path: Path, text: str, field: str) -> None:
    """At the start, and by its name."""
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.pem").write_text("x", encoding="utf-8")
    with pytest.raises(RequestError) as caught:
        async with cap_at(county, tmp_path, text):
            pytest.fail("it was opened")
    assert caught.value.fault.field.endswith(field)


async def test_a_duty_room_that_no_alert_can_name_is_found_at_night(county: County, tmp_path: Path) -> None:
    """Every imported alert names it as whom to call."""
    with pytest.raises(RequestError) as caught:
        async with cap_at(county, tmp_path, phone="0854-3612345 "):
            pytest.fail("it was opened")
    assert caught.value.fault.field == "settings.duty_phone"


def test_a_feed_takes_unsigned_documents_unless_it_is_told_not_to() -> None:
    """The other way round: signed alone is what is taken if nothing is said."""
    given = {"name": "w", "url": "https://a.example/f", "agreement": "b"}
    assert rules_of(CapFeedSettings.model_validate(given)).ask.must_be_signed
    assert not rules_of(CapFeedSettings.model_validate(given | {"signature": "if_present"})).ask.must_be_signed
