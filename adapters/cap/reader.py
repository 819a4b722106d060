"""CAP 1.2 XML to plain values, or one clear line why not.

Nothing outside the document is ever read: no DTD, no entity, no network, no inclusion.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from lxml import etree

from adapters.cap.prolog import plain_xml
from schemas.cap import BLOCKS, ELEMENTS, NAMESPACE, CapAlert, CapBlock, CapPair, Shape
from schemas.errors import Fault

SIGNATURE: Final = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_ROOT: Final = f"{{{NAMESPACE}}}alert"
_OLDER: Final = frozenset(
    {"urn:oasis:names:tc:emergency:cap:1.1", "urn:oasis:names:tc:emergency:cap:1.0"}
    | {"http://www.incident.com/cap/1.0", "http://www.incident.com/cap/1.1"}
)
_INCLUDING: Final = "http://www.w3.org/2001/XInclude"
_ELEMENT: Final = re.compile(r"^Element '(?:\{[^}]*\})?([A-Za-z]{1,40})'")
_MENDS: Final = {
    "SCHEMAV_ELEMENT_CONTENT": "an element is missing, unknown or out of order here; see the CAP 1.2 schema",
    "SCHEMAV_CVC_ENUMERATION_VALID": "write one of the words that CAP 1.2 lists for it",
    "SCHEMAV_CVC_PATTERN_VALID": "write it in CAP's form, a time as 2025-06-11T08:30:00+08:00",
    "SCHEMAV_CVC_DATATYPE_VALID_1_2_1": "its value is not of the kind that CAP 1.2 asks for",
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1": "take its attributes out; CAP 1.2 has none",
    "SCHEMAV_CVC_COMPLEX_TYPE_2_3": "take the text between its elements out",
}


@dataclass(frozen=True, slots=True)
class CapFile:
    """A document that was read.

    Attributes:
        document: Its content. Of a signed document it is NOT trusted: ``adapters.cap.signature.verify`` gives what is.
        is_signed: Whether a signature stands in it.
        original: The bytes as they came.
    """

    document: CapAlert
    is_signed: bool
    original: bytes = field(repr=False)


def read_cap(data: bytes) -> CapFile | Fault:
    """Read one document, at most 256 KiB, valid by the schema of OASIS.

    Returns:
        Its content, or the first fault: code ``cap.…``, the element, and what to do.
    """
    root = parse_xml(data)
    if isinstance(root, Fault):
        return root
    document = document_of(root)
    if isinstance(document, Fault):
        return document
    return CapFile(document, is_signed=root.find(f".//{SIGNATURE}") is not None, original=data)


def parse_xml(data: bytes) -> etree._Element | Fault:
    """Return the root of a document that has no DTD; comments and processing instructions are left out."""
    plain = plain_xml(data)
    if isinstance(plain, Fault):
        return plain
    return parse_plain(plain)


def parse_plain(plain: bytes) -> etree._Element | Fault:
    """Parse what ``plain_xml`` let through."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        encoding="utf-8",
    )
    try:
        return etree.fromstring(plain, parser)
    except etree.XMLSyntaxError as exc:
        line = exc.lineno or 1
        return Fault("cap.malformed", "document", f"it is not well-formed XML, at line {line}")


def document_of(root: etree._Element) -> CapAlert | Fault:
    """Return the content of a document's root, if the schema finds it valid."""
    if fault := _foreign(root) or _invalid(root):
        return fault
    block = _block(CapAlert, root)
    return block if isinstance(block, CapAlert) else Fault("cap.schema", "alert", "it is no CAP alert")


def _foreign(root: etree._Element) -> Fault | None:
    name = etree.QName(root)
    if name.namespace in _OLDER:
        return Fault("cap.version", "alert", "CAP version not accepted: only 1.2 is")
    if root.tag != _ROOT:
        return Fault("cap.not_cap", "document", f"its root is no alert of CAP 1.2 ({NAMESPACE})")
    if next(root.iter(f"{{{_INCLUDING}}}*"), None) is not None:
        return Fault("cap.xinclude", "document", "it asks for another file to be included, which is never done")
    return None


@lru_cache(maxsize=1)
def _schema() -> etree.XMLSchema:
    text = files("adapters.cap").joinpath("CAP-v1.2.xsd").read_bytes()
    return etree.XMLSchema(etree.fromstring(text))


def _invalid(root: etree._Element) -> Fault | None:
    schema = _schema()
    if schema.validate(root):
        return None
    error = schema.error_log[0]
    found = _ELEMENT.match(error.message)
    mend = _MENDS.get(error.type_name, "it is not as the CAP 1.2 schema asks")
    return Fault("cap.schema", found[1] if found else "alert", f"{mend} (line {error.line})")


def _block(kind: type[CapBlock], root: etree._Element) -> CapBlock:
    fields: dict[str, Any] = {}
    by_tag = {element.tag: element for element in ELEMENTS[kind]}
    for child in root:
        name = etree.QName(child)
        if name.namespace != NAMESPACE:  # a signature; the schema lets nothing else in
            continue
        element = by_tag[name.localname]
        if element.shape is Shape.BLOCK:
            value: object = _block(BLOCKS[element.tag], child)
        else:
            value = _pair(child) if element.shape is Shape.PAIR else _text(child)
        if element.many:
            fields.setdefault(element.field, []).append(value)
        else:
            fields[element.field] = value
    whole: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    return kind(**whole)


def _pair(element: etree._Element) -> CapPair:
    name, value = (_text(child) for child in element)
    return CapPair(name, value)


def _text(element: etree._Element) -> str:
    return "".join(str(text) for text in element.itertext())
