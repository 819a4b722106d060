"""What a way to people says of itself, in Chinese: why an SMS gateway, a call, a fax, a mail or a webhook does not go.

A provider's own words are in no table of ours: they are shown as they came, and marked as its own.

Source: ``schemas.pages.Health.problem`` and ``schemas.pages.Refused.code``; docs/alerting
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

_OWN_WORDS: Final = "线路原话：“{words}”"
_MOST: Final = 200

CAUSES: Final[Mapping[str, str]] = {
    "Connection refused": "对方拒绝连接",
    "ECONNREFUSED": "对方拒绝连接",
    "ConnectionRefusedError": "对方拒绝连接",
    "Connection reset by peer": "对方断开了连接",
    "ECONNRESET": "对方断开了连接",
    "ConnectionResetError": "对方断开了连接",
    "Broken pipe": "对方断开了连接",
    "EPIPE": "对方断开了连接",
    "ServerDisconnectedError": "对方断开了连接",
    "SMTPServerDisconnected": "对方断开了连接",
    "IncompleteReadError": "对方断开了连接",
    "Connection timed out": "连接超时",
    "ETIMEDOUT": "连接超时",
    "TimeoutError": "没有按时答复",
    "SMTPConnectTimeoutError": "连接超时",
    "SMTPReadTimeoutError": "没有按时答复",
    "SMTPTimeoutError": "没有按时答复",
    "ConnectionTimeoutError": "连接超时",
    "ServerTimeoutError": "没有按时答复",
    "SocketTimeoutError": "没有按时答复",
    "No route to host": "没有到对方的路由",
    "EHOSTUNREACH": "没有到对方的路由",
    "Network is unreachable": "网络不通",
    "ENETUNREACH": "网络不通",
    "Name or service not known": "查不到对方的域名",
    "Temporary failure in name resolution": "暂时查不到对方的域名",
    "gaierror": "查不到对方的域名",
    "ClientConnectorDNSError": "查不到对方的域名",
    "ClientConnectorError": "建立不了连接",
    "SMTPConnectError": "建立不了连接",
    "ClientConnectorCertificateError": "对方的证书不可信",
    "CERTIFICATE_VERIFY_FAILED": "对方的证书不可信",
    "SSLCertVerificationError": "对方的证书不可信",
    "SSLError": "加密连接没有谈成",
    "ClientConnectorSSLError": "加密连接没有谈成",
    "ClientPayloadError": "答复没有传完",
    "ClientOSError": "连接中途出错",
    "No such file or directory": "目录或文件不在",
    "Permission denied": "没有读写权限",
    "No space left on device": "磁盘已满",
    "Read-only file system": "磁盘只读",
    "Cannot assign requested address": "本机没有所配的地址",
    "Address already in use": "本机端口已被占用",
    "the answer is not what the provider documents": "与它的接口说明不符",
}
"""Why a connection or a folder failed: what the operating system and libraries call it."""

CODES: Final[Mapping[str, str]] = {
    "unreachable": "连不上对方",
    "timeout": "没有按时答复，可能已经收下",
    "unreadable": "对方的答复看不懂",
    "tls": "加密连接没有谈成",
    "unsupported": "邮件服务器不支持所需的功能",
    "not_running": "线路没有运行",
    "not_connected": "线路没有连上",
    "unbound": "线路没有连上",
    "link": "线路没有连上",
    "window": "等着发的太多，没有排上",
    "lines_busy": "外线全忙",
    "no_socket": "本机开不了网络端口",
    "speechless": "没有可播的语音：语音程序不通，也没有录音",
    "broken_off": "对方中途断开",
    "spool": "写不进短信猫的目录",
    "none": "对方没有说明原因",
    "number": "号码不是电话号码",
    "address": "地址不对，或不在所配置的之内",
    "size": "超过对方能收的大小",
    "document": "传真要附 PDF，且不能太大",
    "payload": "推送的内容为空或太大",
    "template": "没有配置这种文字的短信模板",
    "extension": "服务号加编号超过位数",
    "busy": "占线",
    "no_answer": "无人接听",
    "refused": "对方拒接",
    "no_sound": "接通了，但没有共同的语音格式",
    "they_hung_up": "对方挂断",
    "we_hung_up": "本县挂断",
    "provider.none": "没有可用的线路",
    "address.none": "值班表里没有可用的号码",
    "report.overdue": "一直没有送达回执",
    "sms.parts": "短信没有内容",
    "sms.surrogate": "短信拆分有误",
    "sms.length": "短信一条太长",
    "cmpp.address": "号码不是电话号码",
    "cmpp.extension": "服务号加编号超过位数",
    "cmpp.parts": "短信没有拆分",
    # the vendors' codes of accounts
    "isv.AMOUNT_NOT_ENOUGH": "账户余额不足",
    "isv.OUT_OF_SERVICE": "账户已停机（欠费）",
    "isv.ACCOUNT_NOT_EXISTS": "账户不存在",
    "isv.ACCOUNT_ABNORMAL": "账户异常",
    "isv.PRODUCT_UN_SUBSCRIPT": "没有开通短信服务",
    "isv.PRODUCT_UNSUBSCRIBE": "没有开通短信服务",
    "isv.SMS_SIGNATURE_ILLEGAL": "短信签名没有通过审核",
    "isv.SMS_SIGN_ILLEGAL": "短信签名没有通过审核",
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": "短信签名不适用于这一场景",
    "isv.SIGN_STATE_ILLEGAL": "短信签名的状态不可用",
    "isv.DAY_LIMIT_CONTROL": "到了当日发送上限",
    "isv.MONTH_LIMIT_CONTROL": "到了当月发送上限",
    "isv.DENY_IP_RANGE": "本机地址不在对方的白名单内",
    "isp.RAM_PERMISSION_DENY": "访问密钥没有权限",
    "SignatureDoesNotMatch": "访问密钥不对",
    "InvalidTimeStamp": "本机时钟与对方相差太多",
    "InvalidAccessKeyId": "访问密钥不存在",
    "IncompleteSignature": "访问密钥不对",
    "Forbidden": "对方不准访问",
    "NoPermission": "访问密钥没有权限",
    "FailedOperation.SignatureIncorrectOrUnapproved": "短信签名没有通过审核",
    "FailedOperation.MissingSignature": "没有带短信签名",
    "FailedOperation.InsufficientBalanceInSmsPackage": "短信套餐余量不足",
    "InvalidParameterValue.SdkAppIdNotExist": "短信应用不存在",
    "UnauthorizedOperation": "访问密钥没有权限",
    "AuthFailure": "访问密钥不对",
    "IpInBlacklist": "本机地址在对方的黑名单内",
    "IpNotInWhitelist": "本机地址不在对方的白名单内",
    "UnsupportedRegion": "所配的地域不对",
    "NoSuchVersion": "接口版本不对",
    "LimitExceeded.AppDailyLimit": "到了当日发送上限",
    "LimitExceeded.AppMainlandChinaDailyLimit": "到了当日发送上限",
    "LimitExceeded.DailyLimit": "到了当日发送上限",
    "IllegalMac": "账号、密码或签名不对",
    "InvalidUsrOrPwd": "账号或密码不对",
    "IllegalSignId": "短信签名编号不对",
    "NoSignId": "没有这个短信签名",
    "NotLoadedSign": "短信签名还没有生效",
    "IllegalIpAddress": "本机地址不在对方的白名单内",
    "NOT_WHITE_IP": "本机地址不在对方的白名单内",
    "OverDailyMax": "到了当日发送上限",
    # names of SMPP 3.4, section 5.1.3
    "ESME_RBINDFAIL": "登录被拒",
    "ESME_RINVPASWD": "密码不对",
    "ESME_RINVSYSID": "账号不对",
    "ESME_RINVSYSTYP": "账号类型不对",
    "ESME_RALYBND": "这个账号已经连着",
    "ESME_RINVBNDSTS": "这种连接不能做这件事",
    "ESME_RSYSERR": "对方系统出错",
    "ESME_RMSGQFUL": "对方的队列满了",
    "ESME_RTHROTTLED": "发得太快",
    "ESME_RSUBMITFAIL": "对方没有收下",
    "ESME_RINVSRCADR": "主叫号码不对",
    "ESME_RINVDSTADR": "收件号码不对",
    "ESME_RINVMSGLEN": "短信长度不对",
    "ESME_RDELIVERYFAILURE": "投递失败",
    "ESME_RUNKNOWNERR": "对方未说明的错误",
}
"""Ours, the vendors' for trouble with the account, and those of SMPP: what each means."""

_SMTP: Final[Mapping[str, str]] = {
    "421": "邮件服务器暂停服务",
    "450": "邮件服务器暂不收",
    "451": "邮件服务器处理出错",
    "452": "邮件服务器空间不足",
    "454": "邮件服务器暂时不能认证",
    "530": "邮件服务器要求先登录",
    "534": "邮件服务器不接受这种登录方式",
    "535": "邮件服务器不认账号或密码",
    "550": "收件地址不存在或被拒收",
    "552": "邮件超过对方的大小",
    "553": "发件或收件地址不被接受",
    "554": "邮件被对方拒收",
}
_HTTP: Final[Mapping[str, str]] = {
    "401": "对方不认账号或密钥",
    "403": "对方不准访问",
    "404": "对方没有这个地址",
    "407": "代理要求登录",
    "429": "发得太快",
    "500": "对方系统出错",
    "502": "对方系统不通",
    "503": "对方暂停服务",
    "504": "对方系统没有按时答复",
}
_CMPP: Final[Mapping[str, str]] = {
    "1": "连接报文的结构不对",
    "2": "企业代码不对，或本机地址没有登记",
    "3": "企业代码或共享密钥不对，或本机时钟不准",
    "4": "网关只有更旧的版本",
}
_Said = Callable[[re.Match[str]], str]


def _fixed(text: str) -> _Said:
    return lambda found: text.format(*found.groups())


def _because(text: str) -> _Said:
    return lambda found: f"{text}：{_cause(found[1])}"


def _of(text: str, table: Mapping[str, str]) -> _Said:
    return lambda found: f"{text}：{table.get(found[1], '对方未说明的错误')}（{found[1]}）"


PROBLEMS: Final[Sequence[tuple[str, _Said]]] = (
    (r"not started|not running", _fixed("还没有启动")),
    (r"not yet connected|not yet looked", _fixed("刚启动，还没有连上")),
    (r"stopped|ended by us", _fixed("已停止")),
    (r"no answer", _fixed("对方没有答复")),
    (r"no answer in time", _fixed("对方没有按时答复")),
    (r"no connection within ([0-9.]+) s", _fixed("{0} 秒内没有连上对方")),
    (r"no connection: (.+)", _because("连不上对方")),
    (r"the connection broke: (.+)", _because("连接断了")),
    (r"the connection ended|the link ended", _fixed("连接断了")),
    (r"the (?:far side|gateway) closed the connection|the server broke off", _fixed("对方断开了连接")),
    (r"the far side unbound us|the gateway ended the connection", _fixed("对方结束了连接")),
    (r"no answer to (?:the bind|enquire_link) within ([0-9.]+) s", _fixed("对方 {0} 秒没有答复")),
    (r"no answer to CMPP_CONNECT", _fixed("网关没有答复登录")),
    (r"([0-9]+) active tests without an answer", _fixed("网关接连 {0} 次没有答复链路检测")),
    (r"bind refused: (\S+)", lambda found: f"登录被拒：{_named(found[1])}"),
    (r"CMPP_CONNECT refused with status ([0-9]+): .*", _of("登录被拒", _CMPP)),
    (r"the gateway answers CMPP_CONNECT with (.+)", _fixed("网关对登录的答复不对（{0}）")),
    (
        r"the gateway answers in the form of ([0-9.]+), ([0-9.]+) is agreed",
        _fixed("网关用的是 {0} 版，说好的是 {1} 版"),
    ),
    (r"the gateway does not prove that it knows the shared secret", _fixed("网关没有证明它知道共享密钥，可能是假的")),
    (r"the gateway sent (\w+), which only we send", _fixed("网关发来了只该本县发的报文（{0}）")),
    (r"the gateway sent what is no CMPP: .*", _fixed("网关发来的不是 CMPP")),
    (r"the far side sent what is no SMPP: .*", _fixed("对方发来的不是 SMPP")),
    (r"the far side does not read our answers", _fixed("对方不收本县的答复")),
    (r"the provider answers ([0-9]+)", _of("语音平台暂时不能呼叫", _HTTP)),
    (r"the provider refuses: ([0-9]+)", _of("语音平台拒绝", _HTTP)),
    (r"the provider refuses: [0-9]+ (.+)", _because("语音平台拒绝")),
    (r"the server refuses to register us: ([0-9]+)", _of("电话服务器不准注册", _HTTP)),
    (r"smsd takes no files: .*", _fixed("短信猫程序不取文件：看 smsd 在不在运行、短信猫在不在")),
    (r"the server named no (?:file|job|port)|the server's reply has no end", _fixed("传真服务器的答复不完整")),
    (r"the listing of .* is longer than .*", _fixed("传真服务器的清单太长")),
    (r"a command may hold no control character", _fixed("传真命令里有控制字符")),
    (r"smtp\.([0-9]+)", _of("邮件", _SMTP)),
    (r"smtp\.([0-9]+) (.+)", lambda found: f"{_of('邮件', _SMTP)(found)}；{_own(found[2])}"),
    (r"http\.([0-9]+)", _of("对方系统", _HTTP)),
    (r"http\.([0-9]+) (.+)", lambda found: f"{_of('对方系统', _HTTP)(found)}；{_own(found[2])}"),
)
"""Patterns of a whole problem, the first that fits counts."""
_PATTERNS: Final = tuple((re.compile(pattern, re.DOTALL), said) for pattern, said in PROBLEMS)


def problem_zh(problem: str) -> str:
    """Return in Chinese why a way to people does not go, or a page was refused.

    Args:
        problem: One line as an adapter tells it, without secrets and numbers: a sentence of ours, or a code, perhaps
            with a provider's words behind it.

    Returns:
        At most 200 characters; what no table knows stands there as it came, marked as the provider's own words. Empty
        for nothing.
    """
    line = problem.strip()
    if not line:
        return ""
    for pattern, said in _PATTERNS:
        found = pattern.fullmatch(line)
        if found is not None:
            return said(found)[:_MOST]
    return _coded(line)[:_MOST]


def _coded(line: str) -> str:
    code, _, rest = line.partition(" ")
    if code in CODES:
        return f"{_named(code)}：{_cause(rest)}" if rest else _named(code)
    return _cause(line)


def _cause(words: str) -> str:
    return CAUSES.get(words) or (CODES.get(words) and _named(words)) or _own(words)


def _named(code: str) -> str:
    """A code of ours needs no more than its word; a provider's own is what its help desk asks for."""
    if code not in CODES:
        return _own(code)
    return CODES[code] if code.islower() else f"{CODES[code]}（{code}）"


def _own(words: str) -> str:
    return _OWN_WORDS.format(words=words)
