"""Which names no field may have: ethnicity, religion and belief, political view and party membership.

Names are judged, never values: 环江毛南族自治县 is a place, and ``parties`` of an agreement are counties.
English names are read word by word, pinyin and Chinese wherever they stand in the name.

Source: docs/decisions/0005-guard-people-first.md
"""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from typing import Final

_CACHED_LENGTH: Final = 64  # characters

_STEMS: Final = re.compile(r"ethnic|ethnos|religi|politic|nationalit|minorit|belief|believer|ideolog|partisan|worship")
_WORDS: Final = re.compile(
    r"nations?|races?|racial|racism|tribes?|tribal|caste|creeds?|faiths?|interfaith|communists?"
    r"|mz|mzdm|mzmc|zzmm|zzmmdm|zjxy|zjxydm"  # how Chinese systems abbreviate the pinyin
)
_PARTY: Final = frozenset({"party", "cpc", "ccp", "league"})
_MEMBERSHIP: Final = re.compile(r"member|affiliat|branch|cell$|join|seniority")
_PINYIN: Final = re.compile(
    "minzu|zubie|zuqun|zongjiao|xinyang|jiaopai|dangpai|dangyuan|dangzhibu|rudang"
    "|zhengzhi(?:mianmao|guandian|qingxiang|lichang|xinyang)"
    "|partymember|partyaffiliation|partybranch"
)
_CHINESE: Final = re.compile(
    "民族|族别|族別|族群|族裔|族籍|种族|種族|宗教|信仰|教派|教徒|信徒|政治|政见|政見"
    "|党派|黨派|党员|黨員|党籍|黨籍|入党|入黨|党组织关系"
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD: Final = re.compile(r"[a-z]+")
_UNSEEN: Final = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")


def is_banned_name(name: str) -> bool:
    """Tell whether a name of a field, enum member, column or template says what must never be recorded."""
    # A long name is judged afresh, so that a stranger cannot fill the cache with long texts.
    return _is_banned(name) if len(name) <= _CACHED_LENGTH else _is_banned.__wrapped__(name)


@lru_cache(maxsize=4096)
def _is_banned(name: str) -> bool:
    plain = _UNSEEN.sub("", unicodedata.normalize("NFKC", name))
    if not plain.isascii() and _CHINESE.search("".join(plain.split())):
        return True
    words = _WORD.findall(_CAMEL.sub("_", plain).lower())
    return _says_so(words) or _PINYIN.search("".join(words)) is not None


def _says_so(words: list[str]) -> bool:
    if any(_WORDS.fullmatch(word) or _STEMS.search(word) for word in words):
        return True
    return any(left in _PARTY and _MEMBERSHIP.match(right) for left, right in pairwise(words))
