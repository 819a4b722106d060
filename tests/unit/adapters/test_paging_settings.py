"""Settings as an operator's file gives them: what cannot work is refused with the option's name."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from adapters.fax.hylafax import HylafaxSettings
from adapters.modem.spool import ModemSettings
from adapters.voice.http import HttpCallSettings
from adapters.voice.sip_line import SipSettings

GOOD: dict[type, dict[str, Any]] = {
    SipSettings: {
        "name": "trunk",
        "server": "sip.carrier.example",
        "user": "07788820110",
        "speech": {"command": ["espeak-ng", "--stdin", "--stdout"], "recordings": {"": "/var/lib/sihu/alert.wav"}},
    },
    HylafaxSettings: {"name": "fax-room", "host": "::1"},
    ModemSettings: {"name": "modem", "spool": "/var/spool/sms", "own": "/var/lib/sihu/modem"},
    HttpCallSettings: {
        "name": "calls",
        "url": "https://calls.example/x",
        "secret": "x",
        "form": {"fields": {"to": "{number}"}, "states": {"1": "delivered"}},
    },
}


@pytest.mark.parametrize("kind", GOOD, ids=lambda kind: kind.__name__)
def test_a_file_cannot_be_read(kind: type) -> None:
    """Lists, tables and texts of a TOML file become the settings."""
    made: object = TypeAdapter(kind).validate_python(GOOD[kind])
    assert isinstance(made, kind)


@pytest.mark.parametrize(
    ("kind", "option", "value"),
    [
        (SipSettings, "server", "sip.example\r\nX: y"),
        (SipSettings, "user", "1>;tag=2"),
        (SipSettings, "domain", "a b"),
        (SipSettings, "dial_prefix", "0,"),
        (SipSettings, "port", 0),
        (SipSettings, "lines", 0),
        (SipSettings, "ring_seconds", 1000),
        (SipSettings, "closing", ""),
        (SipSettings, "speech", {"timeout_seconds": 0}),
        (HylafaxSettings, "host", "fax room"),
        (HylafaxSettings, "user", "a b"),
        (HylafaxSettings, "dial_prefix", "0w"),
        (HylafaxSettings, "give_up_minutes", 0),
        (HylafaxSettings, "dials", 99),
        (ModemSettings, "country", "+86"),
        (ModemSettings, "stuck_seconds", 1),
        (HttpCallSettings, "timeout_seconds", 0),
        (HttpCallSettings, "form", {"fields": {}, "states": {"1": "gone"}}),
    ],
)
def test_a_setting_that_cannot_work_is_kept(kind: type, option: str, value: object) -> None:
    """Named where it stands, before anybody is to be reached by it."""
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(GOOD[kind] | {option: value})
    assert refused.value.errors()[0]["loc"][0] == option
