"""Names of the counties."""

from schemas.counties import AS_OF, COUNTIES, SOURCE, name_of
from schemas.ids import is_county


def test_a_page_shows_a_bare_number() -> None:
    """Twelve counties of three provinces have their names; a stranger keeps its code."""
    assert name_of("451226") == "环江"
    assert COUNTIES["451226"].full_name == "环江毛南族自治县"
    assert name_of("999999") == "999999"
    assert len(COUNTIES) == 12


def test_a_row_contradicts_its_code() -> None:
    """The first two digits are the province."""
    provinces = {"45": "广西壮族自治区", "52": "贵州省", "53": "云南省"}

    for code, county in COUNTIES.items():
        assert is_county(code)
        assert county.code == code
        assert county.province == provinces[code[:2]]
        assert county.full_name.startswith(county.short_name)
    assert SOURCE
    assert AS_OF
