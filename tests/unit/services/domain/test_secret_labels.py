"""Labels of state and work secrets stay away; talk about secrecy does not."""

import json
import time
from typing import Any

import pytest

from schemas.errors import Fault
from services.domain.guards import guard_content, guard_new, secret_label


def sent(content: Any) -> Fault | None:  # noqa: ANN401 - any JSON
    """Ask the guard of the sender, with the bytes as they would travel."""
    return guard_new(content, json.dumps(content, ensure_ascii=False).encode())


LABELLED = (
    "机密★1年", "绝密★启用前", "秘密★", "秘密 ★ 10年", "机　密★长期", "★机密", "密级：机密", "密级:秘密", "密级 绝密",
    "保密等级：机密", "【机密】关于防汛的通知", "（秘密）", "\u3014机密\u3015", "[绝密]", "机密", "秘密", " 绝 密 ",
    "秘密 3年", "机密\n河池市人民政府文件", "河办发66号\n秘密★1年\n关于印发通知", "工作秘密★", "工作秘密",
    "密级：工作秘密", "機密★", "绝密 特急",
)  # fmt: skip

UNLABELLED = (
    "保密工作", "做好保密工作，严守国家秘密", "泄露国家秘密罪", "商业秘密保护", "依法保守国家秘密和工作秘密",
    "秘密投票", "机密计算", "密级管理办法", "密级：无", "密级：公开", "密切配合", "密林深处", "保密审查已完成",
    "机密文件不得在本系统传递", "绝密级、机密级、秘密级的国家秘密", "★★★级景区", "人口密度",
    "【通报】关于加强保密教育的通知", "（保密）", "秘密会社", "密码", "机密性、完整性、可用性",
)  # fmt: skip


@pytest.mark.parametrize("text", LABELLED)
def test_a_labelled_document_is_sent(text: str) -> None:
    """State and work secrets have other channels: the sender refuses the label."""
    content: Any = {"title": "通知", "body": text}

    fault = sent(content)

    assert fault is not None
    assert (fault.code, fault.field) == ("guard.secret_label", "content.body")
    assert guard_new(content, json.dumps(content).encode()) == fault


@pytest.mark.parametrize("text", UNLABELLED)
def test_talking_about_secrecy_is_taken_for_a_label(text: str) -> None:
    """保密工作 is ordinary work."""
    assert secret_label({"body": text}) is None


def test_the_receiver_refuses_a_label() -> None:
    """Labels are the sender's affair; at the receiver the alert is already out and must be read."""
    content: Any = {"body": "机密★1年"}

    assert guard_content(content, json.dumps(content).encode()) is None


@pytest.mark.timeout(20)
@pytest.mark.parametrize("blank", ["\n", " ", "【", "密级", "机密 ", "★ "])
def test_a_long_text_keeps_the_guard_busy(blank: str) -> None:
    """The search is linear in the text."""
    begun = time.process_time()

    secret_label({"body": blank * 60_000 + "密"})
    secret_label({"body": "密级" + blank * 60_000 + "密"})

    assert time.process_time() - begun < 3
