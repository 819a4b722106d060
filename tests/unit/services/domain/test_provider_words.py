"""What a way to people says of itself: each sentence of ours has a Chinese one, and a provider's own are marked."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.sms import aliyun, cmpp_codes, smpp_status, tencent, yunmas
from adapters.sms.rulings import ACCOUNT, UNREADABLE, Ruling
from services.domain.provider_words import CAUSES, CODES, problem_zh

ROOT = Path(__file__).parents[4] / "adapters"
OWN = "线路原话"
TELLERS = {"_failed", "_note", "_say", "noted", "Health", "LinkOverError", "LinkEndedError", "HfaxdError"}
"""What an adapter says a problem by."""


def _sentences(folder: str) -> Iterator[tuple[str, str]]:
    """Return every sentence that stands in the code, its holes filled with what may stand there."""
    for path in sorted((ROOT / folder).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
            if name in TELLERS and isinstance(node, ast.Call):
                values = [*node.args, *(one.value for one in node.keywords if one.arg == "problem")]
                for spelt in filter(None, map(_spelt, values)):
                    yield path.name, spelt


def _spelt(value: ast.expr) -> str:
    if isinstance(value, ast.Constant):
        return value.value if isinstance(value.value, str) else ""
    if not isinstance(value, ast.JoinedStr) or not isinstance(value.values[0], ast.Constant):
        return ""
    return "".join(str(one.value) if isinstance(one, ast.Constant) else "7" for one in value.values)


SENTENCES = sorted(
    {one for folder in ("sms", "voice", "fax", "email", "webhook", "modem") for one in _sentences(folder)}
)


def test_the_sentences_are_found() -> None:
    """A walk that finds nothing proves nothing."""
    assert len({file for file, _ in SENTENCES}) >= 9
    assert ("smpp_session.py", "the far side unbound us") in SENTENCES


@pytest.mark.parametrize(("file", "sentence"), SENTENCES)
def test_every_sentence_of_ours_is_said_in_chinese(file: str, sentence: str) -> None:
    """The desk reads at night that the gateway "does not read our answers", and rings nobody."""
    said = problem_zh(sentence)
    if sentence.endswith(" 7"):  # behind it stands what somebody else said
        said = said.replace(f"{OWN}：“7”", "")
    assert OWN not in said, (file, said)
    assert any("\u4e00" <= sign <= "\u9fff" for sign in said), (file, said)


@pytest.mark.parametrize(
    "code",
    sorted(
        code
        for module in (aliyun, tencent, yunmas)
        for table in vars(module).values()
        if isinstance(table, dict)
        for code, ruling in table.items()
        if isinstance(ruling, Ruling) and ruling is ACCOUNT
    ),
)
def test_trouble_with_an_account_is_said_in_chinese(code: str) -> None:
    """That the balance is spent must be read by whoever can pay, not by whoever knows the vendor's codes."""
    assert problem_zh(code) == f"{CODES[code]}（{code}）"
    assert problem_zh(f"{code} 账户余额不足") == f"{CODES[code]}（{code}）：线路原话：“账户余额不足”"


def test_codes_of_gateways_are_said_in_chinese() -> None:
    """Each status of a login is an order to somebody: mend the password, the address, the clock."""
    for status in (1, 2, 3, 4, 9):
        refused = f"CMPP_CONNECT refused with status {status}: {cmpp_codes.refusal_of(status)}; it says version 3.0"
        assert problem_zh(refused).startswith("登录被拒："), status
        assert OWN not in problem_zh(refused)
    for refusal in sorted(smpp_status.LONG_REFUSALS):
        said = problem_zh(f"bind refused: {refusal.name}")
        assert said == f"登录被拒：{CODES[refusal.name]}（{refusal.name}）"
    assert problem_zh("bind refused: 0x00000417") == "登录被拒：线路原话：“0x00000417”"


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ("", ""),
        ("unreachable", "连不上对方"),
        ("unreachable ClientConnectorError", "连不上对方：建立不了连接"),
        ("timeout TimeoutError", "没有按时答复，可能已经收下：没有按时答复"),
        (UNREADABLE.problem, "对方的答复看不懂：与它的接口说明不符"),
        ("no connection: ECONNREFUSED", "连不上对方：对方拒绝连接"),
        ("no connection: gaierror", "连不上对方：查不到对方的域名"),
        ("the connection broke: CERTIFICATE_VERIFY_FAILED", "连接断了：对方的证书不可信"),
        ("No such file or directory", "目录或文件不在"),
        ("smtp.535", "邮件：邮件服务器不认账号或密码（535）"),
        (
            "smtp.535 5.7.8 authentication failed",
            "邮件：邮件服务器不认账号或密码（535）；线路原话：“5.7.8 authentication failed”",
        ),
        ("smtp.599", "邮件：对方未说明的错误（599）"),
        ("http.503", "对方系统：对方暂停服务（503）"),
        ("the provider refuses: 403 no credit", "语音平台拒绝：线路原话：“no credit”"),
        ("ModemPoolExhausted: call the help desk", "线路原话：“ModemPoolExhausted: call the help desk”"),
        ("8", "线路原话：“8”"),
        ("provider.none", "没有可用的线路"),
    ],
)
def test_what_is_known_is_said_and_what_is_not_is_quoted(problem: str, said: str) -> None:
    """A guess at a stranger's words would send somebody the wrong way."""
    assert problem_zh(problem) == said


def test_a_long_tale_is_cut() -> None:
    """A notice holds one line."""
    assert len(problem_zh("smtp.550 " + "x" * 5_000)) <= 200


def test_every_word_is_chinese() -> None:
    """An entry that somebody left in English."""
    for table in (CODES, CAUSES):
        assert [word for word in table.values() if not any("\u4e00" <= sign <= "\u9fff" for sign in word)] == []
