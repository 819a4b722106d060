"""The region's counties by division code: an own small table, so that a page never shows a bare number.

Source: Ministry of Civil Affairs of the PRC, 中华人民共和国县以上行政区划代码 (after GB/T 2260), as of
2023-12-31; every code and full name compared on 2026-11-24 with the divisions that the National Bureau of Statistics
published on 2023-09-11, as the data set modood/Administrative-divisions-of-China (57a0aa9) holds them.
A county outside the table is shown by its code.
"""

from dataclasses import dataclass
from typing import Final

SOURCE: Final = "民政部《中华人民共和国县以上行政区划代码》"
AS_OF: Final = "2023-12-31"


@dataclass(frozen=True, slots=True)
class County:
    """One row.

    Attributes:
        code: Six digits, GB/T 2260.
        short_name: What neighbours call it, e.g. 环江.
        full_name: The official name, e.g. 环江毛南族自治县.
        prefecture: The prefecture-level city or prefecture above it.
        province: The province or autonomous region above that.
    """

    code: str
    short_name: str
    full_name: str
    prefecture: str
    province: str


_GUANGXI: Final = ("河池市", "广西壮族自治区")
_QIANNAN: Final = ("黔南布依族苗族自治州", "贵州省")
_WENSHAN: Final = ("文山壮族苗族自治州", "云南省")

COUNTIES: Final[dict[str, County]] = {
    county.code: county
    for county in (
        County("451202", "金城江", "金城江区", *_GUANGXI),
        County("451203", "宜州", "宜州区", *_GUANGXI),
        County("451221", "南丹", "南丹县", *_GUANGXI),
        County("451222", "天峨", "天峨县", *_GUANGXI),
        County("451226", "环江", "环江毛南族自治县", *_GUANGXI),
        County("522722", "荔波", "荔波县", *_QIANNAN),
        County("522726", "独山", "独山县", *_QIANNAN),
        County("522727", "平塘", "平塘县", *_QIANNAN),
        County("522728", "罗甸", "罗甸县", *_QIANNAN),
        County("530324", "罗平", "罗平县", "曲靖市", "云南省"),
        County("532627", "广南", "广南县", *_WENSHAN),
        County("532628", "富宁", "富宁县", *_WENSHAN),
    )
}


def name_of(code: str) -> str:
    """Return the short Chinese name of a county, or the code itself if the table lacks it."""
    county = COUNTIES.get(code)
    return county.short_name if county else code
