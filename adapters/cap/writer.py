"""Plain values to CAP 1.2 XML, valid by the schema of OASIS; and the form in which two documents are compared."""

from typing import Final

from lxml import etree

from adapters.cap.reader import document_of, parse_xml
from schemas.cap import DOCUMENT_MAX_BYTES, ELEMENTS, NAMESPACE, CapAlert, CapBlock, CapPair, values_of
from schemas.errors import Fault

_INSTANCE: Final = "{http://www.w3.org/2001/XMLSchema-instance}"


def write_cap(document: CapAlert) -> bytes | Fault:
    """Return a document as UTF-8 XML, indented.

    Returns:
        Its bytes, or why they would be no valid CAP 1.2: a character that XML lacks, a value of another form, over
        256 KiB.
    """
    root = tree_of(document)
    return root if isinstance(root, Fault) else bytes_of(root)


def tree_of(document: CapAlert) -> etree._Element | Fault:
    """Return the root of a document that the schema finds valid."""
    root = etree.Element(f"{{{NAMESPACE}}}alert", nsmap={None: NAMESPACE})
    try:
        _fill(root, document)
    except ValueError:
        return Fault("cap.character", "document", "it holds a character that XML has no way to write; take it out")
    found = document_of(root)
    if isinstance(found, Fault):
        return found
    etree.indent(root)
    return root


def bytes_of(root: etree._Element) -> bytes | Fault:
    """Return the bytes of a document with its declaration."""
    data = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    if len(data) > DOCUMENT_MAX_BYTES:
        mend = f"as CAP it has {len(data)} bytes; at most {DOCUMENT_MAX_BYTES} are taken"
        return Fault("cap.too_large", "document", mend)
    return data


def _fill(parent: etree._Element, block: CapBlock) -> None:
    for element in ELEMENTS[type(block)]:
        for value in values_of(block, element):
            child = etree.SubElement(parent, f"{{{NAMESPACE}}}{element.tag}")
            if isinstance(value, str):
                child.text = value or None  # as a parser gives it: libxml2 judges an empty text otherwise than none
            elif isinstance(value, CapPair):
                etree.SubElement(child, f"{{{NAMESPACE}}}valueName").text = value.name
                etree.SubElement(child, f"{{{NAMESPACE}}}value").text = value.value
            else:
                _fill(child, value)


def canonical(data: bytes) -> bytes | Fault:
    """Return the form in which two documents are compared: Canonical XML 2.0 of what CAP means.

    Left out is what carries no meaning there: comments, processing instructions, blanks between elements, hints where a
    schema lies, and which prefix stands for a namespace. Every element, its order and every character of its text stay.
    It looks at the XML alone and shares nothing with the reading of a document into values.
    """
    root = parse_xml(data)
    if isinstance(root, Fault):
        return root
    for element in root.iter():
        for name in [name for name in element.attrib if str(name).startswith(_INSTANCE)]:
            del element.attrib[name]
        if len(element):
            _drop_blanks(element)
    plain = etree.tostring(root, encoding="unicode")
    return etree.canonicalize(plain, rewrite_prefixes=True).encode()


def _drop_blanks(element: etree._Element) -> None:
    if not (element.text or "").strip():
        element.text = None
    for child in element:
        if not (child.tail or "").strip():
            child.tail = None
