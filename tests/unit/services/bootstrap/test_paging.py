"""Providers as an operator writes them: every mistake is named with its field and its mend, and no secret is in it."""

from pathlib import Path

import aiohttp
import pytest

from adapters.clock import SystemClock
from schemas.errors import RequestError
from services.bootstrap.paging import read_policy, read_signature
from services.bootstrap.providers import open_pagers, open_providers
from services.settings import Settings, read_settings

GOOD = 'county = "451226"\noffice = "环江县联络办"\nduty_phone = "0778-8820110"\n'
SMPP = """
[[paging.providers]]
name = "mobile"
driver = "smpp"
secret_file = "secrets/mobile"
[paging.providers.options]
host = "127.0.0.1"
port = 2775
system_id = "sihu"
number = "10690778"
"""
MAIL = """
[[paging.providers]]
name = "mail"
driver = "smtp"
[paging.providers.options]
host = "mail.county.example"
port = 587
sender = "duty@county.example"
"""


def written(folder: Path, text: str) -> Settings:
    """Read settings made of the good lines and more; the secret is there."""
    (folder / "secrets").mkdir(exist_ok=True)
    (folder / "secrets" / "mobile").write_text("not-in-any-error\n", encoding="utf-8")
    (folder / "county.toml").write_text(GOOD + text, encoding="utf-8")
    return read_settings(folder)


async def names_of(settings: Settings) -> list[str]:
    """Open the providers; nothing is connected."""
    async with aiohttp.ClientSession() as session:
        return list(open_pagers(settings, clock=SystemClock(), session=session, inbound=None))


async def fault_of(folder: Path, text: str) -> tuple[str, str]:
    """Return code and field of what is refused."""
    with pytest.raises(RequestError) as caught:
        await names_of(written(folder, text))
    assert "not-in-any-error" not in str(caught.value)
    return caught.value.fault.code, caught.value.fault.field


async def test_providers_stand_in_the_order_of_the_file(tmp_path: Path) -> None:
    """It is the order of preference."""
    assert await names_of(written(tmp_path, MAIL + SMPP)) == ["mail", "mobile"]


async def test_a_county_that_sends_no_paper_carries_a_printer(tmp_path: Path) -> None:
    """It takes 25 MiB, and libraries that a machine may lack."""
    async with open_providers(written(tmp_path, SMPP), SystemClock()) as providers:
        assert providers.print_page is None
    try:
        async with open_providers(written(tmp_path, SMPP + MAIL), SystemClock()) as providers:
            assert providers.print_page is not None
    except OSError as exc:
        pytest.skip(f"pango is not installed: {exc}")


@pytest.mark.parametrize(
    ("old", "new", "code", "field"),
    [
        ('driver = "smpp"', 'driver = "pigeon"', "settings.not_allowed", "settings.paging.providers.0.driver"),
        ('name = "mobile"', 'name = "Mobile 1"', "settings.wrong_form", "settings.paging.providers.0.name"),
        ("port = 2775", "ports = 2775", "paging.option", "paging.providers.mobile.options.ports"),
        ("port = 2775", 'port = "x"', "paging.option", "paging.providers.mobile.options.port"),
        ("port = 2775\n", "", "paging.option", "paging.providers.mobile.options.port"),
        ("port = 2775", "port = 99999", "smpp.setting", "port"),
        ('"secrets/mobile"', '"secrets/none"', "paging.secret", "paging.providers.mobile.secret_file"),
        ("port = 2775", 'port = 2775\npassword = "x"', "paging.option", "paging.providers.mobile.options.password"),
    ],
)
async def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, code: str, field: str) -> None:
    """An operator at three in the morning must not guess."""
    text = SMPP.replace(old, new)
    try:
        found = await fault_of(tmp_path, text)
    except RequestError as exc:
        found = exc.fault.code, exc.fault.field
    assert found == (code, field)


async def test_two_providers_of_one_name_are_refused(tmp_path: Path) -> None:
    """Reports would be joined to the other one's pages."""
    assert (await fault_of(tmp_path, SMPP + SMPP))[0] == "paging.name"


async def test_kannel_without_a_listener_is_refused(tmp_path: Path) -> None:
    """No report and no reply would ever come back."""
    text = """
[[paging.providers]]
name = "mobile"
driver = "kannel"
secret_file = "secrets/mobile"
[paging.providers.options]
username = "sihu"
base_url = "http://127.0.0.1:13013"
service_number = "10690778"
"""
    assert (await fault_of(tmp_path, text))[0] == "paging.inbound"


def test_a_policy_that_does_not_hold_is_refused(tmp_path: Path) -> None:
    """Slower than half of the shortest clock: the start is the time to hear of it."""
    (tmp_path / "policy.toml").write_text("[quiet]\nfrom_hour = 25\nuntil_hour = 7\n", encoding="utf-8")
    with pytest.raises(RequestError):
        read_policy(written(tmp_path, '[paging]\npolicy_file = "policy.toml"\n'))


@pytest.mark.parametrize(
    "text",
    [
        'signature = "环"\nsignature_place = "first"',
        'signature = "环江应急"',
        'signature = "【环江】"\nsignature_place = "last"',
    ],
)
def test_a_signature_that_no_carrier_takes_is_refused(tmp_path: Path, text: str) -> None:
    """Every SMS would be refused, at the first alert."""
    with pytest.raises(RequestError) as caught:
        read_signature(written(tmp_path, f"[paging]\n{text}\n"))
    assert caught.value.fault.field.startswith("paging.signature")
