"""What codes, numbers and times of providers mean."""

from datetime import UTC, datetime

import pytest

from adapters.sms import aliyun, kannel, tencent, yunmas
from adapters.sms.pushes import Read
from adapters.sms.rulings import (
    ACCOUNT,
    PERMANENT,
    TEMPORARY,
    THROTTLED,
    Ruling,
    beijing_time,
    mainland,
    ruling_of,
    status_trouble,
    trouble,
    unix_time,
    without_numbers,
)

OFFICER = "13900000001"


@pytest.mark.parametrize("address", [OFFICER, f"+86{OFFICER}", f"86{OFFICER}", f"0086{OFFICER}"])
def test_a_number_is_spelled_the_provider_s_way(address: str) -> None:
    """A roster that writes +86 would have every page refused by a provider that wants eleven digits."""
    assert mainland(address) == OFFICER


@pytest.mark.parametrize(
    "address", ["", "1390000000", "12900000001", "075512345678", f"{OFFICER}0", "١٣٩٠٠٠٠٠٠٠١", f"{OFFICER}\n"]
)
def test_what_is_no_mobile_number_is_not_sent(address: str) -> None:
    """A landline in the wrong column costs 65 seconds of attempts if it is found out by the provider."""
    assert mainland(address) is None


def test_a_code_is_ruled_by_its_longest_listed_head() -> None:
    """Providers add codes below the families they document: none may fall through as unknown."""
    table = {"Auth": ACCOUNT, "Auth.Odd": PERMANENT}
    assert ruling_of(table, "Auth.New.Kind") is ACCOUNT
    assert ruling_of(table, "Auth.Odd.Kind") is PERMANENT
    assert ruling_of(table, "Author") is TEMPORARY, "a head ends at a full stop"
    assert ruling_of(table, "") is TEMPORARY


@pytest.mark.parametrize(
    ("table", "code", "ruling"),
    [
        (aliyun.RULINGS, "isv.MOBILE_NUMBER_ILLEGAL", PERMANENT),
        (aliyun.RULINGS, "isv.AMOUNT_NOT_ENOUGH", ACCOUNT),
        (aliyun.RULINGS, "Throttling.User", THROTTLED),
        (aliyun.RULINGS, "InvalidAccessKeyId.NotFound", ACCOUNT),
        (aliyun.RULINGS, "isp.SYSTEM_ERROR", TEMPORARY),
        (tencent.RULINGS, "InvalidParameterValue.IncorrectPhoneNumber", PERMANENT),
        (tencent.RULINGS, "InvalidParameterValue.SdkAppIdNotExist", ACCOUNT),
        (tencent.RULINGS, "RequestLimitExceeded.UinLimitExceeded", THROTTLED),
        (tencent.RULINGS, "AuthFailure.SignatureExpire", ACCOUNT),
        (tencent.RULINGS, "InternalError.Timeout", TEMPORARY),
        (tencent.RULINGS, "LimitExceeded.PhoneNumberDailyLimit", TEMPORARY),
        (yunmas.RULINGS, "InvalidMobile", PERMANENT),
        (yunmas.RULINGS, "InvalidUsrOrPwd", ACCOUNT),
        (yunmas.RULINGS, "FlowOverLimit", THROTTLED),
        (yunmas.RULINGS, "SomethingNew", TEMPORARY),
    ],
)
def test_the_tables_say(table: dict[str, Ruling], code: str, ruling: Ruling) -> None:
    """A wrong row loses a page (permanent for temporary) or a minute (the other way round)."""
    assert ruling_of(table, code) is ruling


@pytest.mark.parametrize(
    ("status", "ruling", "silent"),
    [
        (401, ACCOUNT, False),
        (403, ACCOUNT, False),
        (429, THROTTLED, False),
        (500, TEMPORARY, True),
        (302, TEMPORARY, True),
    ],
)
def test_a_status_without_a_document_rules(status: int, ruling: Ruling, silent: bool) -> None:  # noqa: FBT001
    """A gateway's own error page before the provider must not count as the provider's word on the page."""
    found = status_trouble(status)
    assert (found.ruling, found.silent, found.code) == (ruling, silent, f"http.{status}")


def test_a_provider_s_words_carry_no_number_on() -> None:
    """Providers repeat the number they refuse; health and log would carry it on."""
    assert without_numbers(f"number {OFFICER}\r\nis  illegal") == "number * is illegal"
    found = trouble({}, f"odd {OFFICER}" * 9, f"for {OFFICER} " * 99)
    assert OFFICER not in found.text
    assert (len(found.code), len(found.text) <= 200) == (64, True)


def test_times_are_beijing_s() -> None:
    """A report's time eight hours off would come before the page it is of."""
    dawn = datetime(2026, 3, 3, 23, 0, tzinfo=UTC)
    assert beijing_time("2026-03-04 07:00:00") == beijing_time("20260304070000") == dawn
    assert unix_time(int(dawn.timestamp())) == dawn
    odd: object
    for odd in ("", None, "2026-13-01 00:00:00", "soon", 5, "0001-01-01 00:00:00"):
        assert beijing_time(odd) is None
    for odd in (True, "1", None, 1.5, 10**20, -(10**20)):
        assert unix_time(odd) is None


def test_kannel_s_states_are_all_listed() -> None:
    """A state that is not listed would be a push refused again and again."""
    asked = [state for state in (1, 2, 4, 8, 16) if state & kannel.REPORT_MASK]
    read = [kannel.read_report(f"ref=a.1&state={state}", "k", datetime(2026, 3, 4, tzinfo=UTC)) for state in asked]
    assert all(isinstance(one, Read) for one in read)
