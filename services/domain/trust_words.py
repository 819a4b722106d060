"""What keys and agreements are called at the desk."""

from collections.abc import Mapping
from typing import Final

from schemas.key_changes import ChangeReason
from schemas.registry import KeyUse

KEY_USES: Final[Mapping[KeyUse, str]] = {
    KeyUse.GOVERNANCE: "治理（签名册和协议）",
    KeyUse.RECOVERY: "恢复（换钥匙、认分叉）",
    KeyUse.EVENT: "事件签名",
    KeyUse.RECEIPT: "回执签名",
    KeyUse.ENCRYPTION: "加密",
}
KEY_ENDS: Final[Mapping[ChangeReason, str]] = {ChangeReason.ROTATED: "已更换", ChangeReason.REVOKED: "已吊销"}
