"""What the reasons of a refused evidence file mean, for the person who has to explain it to somebody."""

from collections.abc import Mapping
from typing import Final

_CODES: Final[Mapping[str, str]] = {
    "evidence.not_canonical": "文件被重新排版或改动过，要一份原样的",
    "evidence.not_base64url": "文件里的编码被改动过",
    "evidence.unsupported_version": "这不是本版本认得的证据文件",
    "registry.not_pinned": "文件里的名册不是你给的那一份：给错了摘要，或者整份是伪造的",
    "registry.not_next": "名册各版之间接不上，缺了一版或混进了别的",
    "registry.too_few_signatures": "名册的签名不够，不能算各县认可的名册",
    "registry.missing_version": "缺少事件所用的那一版名册",
    "key.misnamed": "名册里有钥匙与其编号不符",
    "agreement.missing": "缺少许可这条事件的协议",
    "agreement.not_referred": "附的协议不是事件所引用的那一份",
    "agreement.unsigned": "协议没有全部签约方的签名",
    "agreement.not_member": "协议的一方不在名册里",
    "agreement.superfluous": "控制记录不该附协议",
    "signature.missing": "签名被去掉了",
    "signature.stripped": "签名少了或换了，与所列签名人不符",
    "signature.malformed": "签名的写法被改动过",
    "signature.unknown_key": "签名的钥匙不是该县这一用途的钥匙",
    "signature.key_not_valid": "签名的钥匙当时不在有效期内",
    "signature.key_revoked": "后来的名册撤掉了这把钥匙，无法断定事发时它是否已被盗用",
    "signature.invalid": "签名与内容不符：内容被改过，或签名是假的",
    "signature.superfluous": "有不该出现的签名",
    "signature.order": "签名的次序被改动过",
    "chain.wrong_channel": "通道与来源、协议、收件县不符",
    "chain.other_channel": "所附链条不属于这条事件的通道",
    "chain.bad_opening": "纪元的开头不对",
    "chain.gap": "所附链条中间缺了一环",
    "chain.forked": "来源县在同一位置签过两个版本",
    "chain.repeated": "所附通道头不在链条之后",
    "content.digest": "内容不是当时签发的内容",
    "content.keys_digest": "内容钥匙部分不是当时签发的",
    "content.encoding": "回执加密了，读不出",
    "receipt.wrong_type": "放在回执位置的不是回执",
    "receipt.detached": "回执缺了内容，什么也证明不了",
    "receipt.wrong_receiver": "一个县替另一个县作证",
    "receipt.unknown_channel": "回执说的是别的通道，或不是收件县给的",
    "receipt.other_story": "回执说的是另一条事件",
    "receipt.other_agreement": "回执说的是另一份协议下的事件",
    "receipt.other_content": "对方收到的是另一份内容",
    "receipt.repeated": "同一份回执放了两次",
    "officer.wrong_county": "签收人的凭证是别县的",
    "officer.unsigned": "签收人的凭证不是该县签发的",
    "officer.expired": "签收时凭证不在有效期内",
    "officer.digest": "附的不是所说的那份凭证",
    "officer.other_answer": "签收的是另一条事件，或是另一个人签收的",
    "officer.signature": "签收人本人的签名不成立",
}
_FAMILIES: Final[Mapping[str, str]] = {
    "json": "文件损坏，或不是证据文件的格式",
    "evidence": "文件缺项或多项",
    "header": "事件的信封格式不对",
    "document": "名册、协议或凭证的文件格式不对",
    "sharing": "协议不许可这样发送",
    "content": "回执的内容格式不对",
}


def meaning_of(code: str) -> str:
    """Return in Chinese what a reason means; empty if it is none of an evidence file."""
    return _CODES.get(code) or _FAMILIES.get(code.partition(".")[0], "")
