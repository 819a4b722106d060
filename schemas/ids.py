"""Identifiers as they travel: patterns checked by pydantic, distinct types for mypy.

Source: docs/protocol.md, section "Identifiers".
"""

import re
from typing import Annotated, Final, NewType

from pydantic import StringConstraints

COUNTY_PATTERN: Final = r"^[1-9][0-9]{5}$"
HEX64_PATTERN: Final = r"^[0-9a-f]{64}$"
HEX32_PATTERN: Final = r"^[0-9a-f]{32}$"
EPOCH_PATTERN: Final = r"^[1-9][0-9]{0,8}-[0-9a-f]{16}$"
AGREEMENT_ID_PATTERN: Final = r"^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$"
AGREEMENT_REF_PATTERN: Final = r"^(?:control|[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?@[1-9][0-9]{0,5}:[0-9a-f]{64})$"
WIRE_TYPE_PATTERN: Final = (
    r"^cn\.sihu\.(?:information|outreach|development|governance|control)"
    r"\.[a-z][a-z0-9_]{1,47}\.v[1-9][0-9]?$"
)
OFFICER_PATTERN: Final = r"^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$"

CountyCode = NewType("CountyCode", str)
"""Six digits, GB/T 2260 division code of a county."""

CountyId = Annotated[CountyCode, StringConstraints(pattern=COUNTY_PATTERN)]
Digest = Annotated[str, StringConstraints(pattern=HEX64_PATTERN)]
"""Lowercase hex of 32 bytes of SHA-256, as it travels."""

EnvelopeId = Annotated[str, StringConstraints(pattern=HEX64_PATTERN)]
ChannelId = Annotated[str, StringConstraints(pattern=HEX64_PATTERN)]
ContentId = Annotated[str, StringConstraints(pattern=HEX32_PATTERN)]
KeyId = Annotated[str, StringConstraints(pattern=HEX32_PATTERN)]
Epoch = Annotated[str, StringConstraints(pattern=EPOCH_PATTERN)]
AgreementId = Annotated[str, StringConstraints(pattern=AGREEMENT_ID_PATTERN)]
AgreementRef = Annotated[str, StringConstraints(pattern=AGREEMENT_REF_PATTERN)]
WireType = Annotated[str, StringConstraints(pattern=WIRE_TYPE_PATTERN)]
OfficerId = Annotated[str, StringConstraints(pattern=OFFICER_PATTERN)]

NO_LINK: Final = "0" * 64
"""``prev`` of the very first record of a channel: nothing came before it."""

CONTROL_AGREEMENT: Final = "control"

_COUNTY = re.compile(COUNTY_PATTERN)


def is_county(text: str) -> bool:
    """Tell whether ``text`` has the form of a county code; says nothing about membership."""
    return _COUNTY.fullmatch(text) is not None
