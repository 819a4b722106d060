"""What somebody sees who holds a printed page: a PDF drawn by poppler, another program than the one that made it."""

import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Final

from PIL import Image, ImageChops

DPI: Final = 144
_POINTS: Final = 72
_LEAST: Final = 6
"""Characters of a word that is looked at."""
_SIDE: Final = 24
_AS_WIDE: Final = "，。、；："
_XHTML: Final = "{http://www.w3.org/1999/xhtml}"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A character of the text, and what is drawn where the text says that it stands."""

    character: str
    image: Image.Image


def has_poppler() -> bool:
    """Tell whether pages can be looked at on this machine."""
    return all(shutil.which(program) for program in ("pdftoppm", "pdftotext"))


def text_of(pdf: Path) -> str:
    """Return the text of a file as poppler reads it, without blanks and line ends."""
    said = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, check=True, timeout=60)
    return "".join(said.stdout.decode().split())


def pages_of(pdf: Path) -> list[Path]:
    """Draw each page as an image beside the file."""
    prefix = pdf.with_suffix("")
    subprocess.run(["pdftoppm", "-r", str(DPI), "-gray", "-png", pdf, prefix], check=True, timeout=60)
    return sorted(pdf.parent.glob(f"{prefix.name}-*.png"))


def drawn(pdf: Path) -> Iterator[Drawn]:
    """Cut the Chinese characters of longer words out of the pages: each is as wide as it is high."""
    said = subprocess.run(["pdftotext", "-bbox", pdf, "-"], capture_output=True, check=True, timeout=60)
    pages = ET.fromstring(said.stdout).iter(f"{_XHTML}page")  # noqa: S314 - poppler's own words of our own file
    for page, path in zip(pages, pages_of(pdf), strict=True):
        with Image.open(path) as image:
            for word in page.iter(f"{_XHTML}word"):
                yield from _cut(word, image)


def _cut(word: ET.Element, image: Image.Image) -> Iterator[Drawn]:
    text = word.text or ""
    left, top, right, bottom = (float(word.attrib[name]) * DPI / _POINTS for name in ("xMin", "yMin", "xMax", "yMax"))
    if len(text) < _LEAST or not all(_is_chinese(one) or one in _AS_WIDE for one in text):
        return
    width = (right - left) / len(text)
    for number, one in enumerate(text):
        box = (left + number * width, top, left + (number + 1) * width, bottom)
        cell = image.crop((round(box[0]), round(box[1]), round(box[2]), round(box[3]))).convert("L")
        if _is_chinese(one):
            yield Drawn(one, cell.resize((_SIDE, _SIDE)))


def _is_chinese(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff"


def difference(first: Drawn, second: Drawn) -> float:
    """Return how much two drawings differ: 0 for the same, 1 for black on white."""
    histogram = ImageChops.difference(first.image, second.image).histogram()
    return sum(shade * count for shade, count in enumerate(histogram)) / (255 * _SIDE * _SIDE)


def ink_of(one: Drawn) -> float:
    """Return how much of a drawing is ink: 0 for an empty one."""
    return 1 - sum(shade * count for shade, count in enumerate(one.image.histogram())) / (255 * _SIDE * _SIDE)


def variety(characters: Iterable[Drawn]) -> float:
    """Return how much two different characters differ as a rule (median): little where a font has boxes for them."""
    one_of_each = {one.character: one for one in characters}.values()
    return median(difference(first, second) for first, second in combinations(one_of_each, 2))
