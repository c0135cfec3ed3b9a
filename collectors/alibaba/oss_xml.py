"""Answers of OSS, which are XML: what they hold, and what an error says."""

from xml.etree import ElementTree

import requests

from collectors.bills.stores.calling import Refused


def parsed(content: bytes) -> ElementTree.Element:
    """An answer of OSS. Raises ValueError for what is none."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:  # which answers of OSS never have
        raise ValueError("XML with definitions of its own")
    try:
        return ElementTree.fromstring(content)  # noqa: S314 - nothing that could expand or refer is left in it
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from error


def name_of(element: ElementTree.Element) -> str:
    """The name of an element, whatever its namespace."""
    return element.tag.rpartition("}")[2]


def named(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    """Everything of this name, however deep."""
    return [each for each in element.iter() if name_of(each) == name]


def text(element: ElementTree.Element, name: str) -> str:
    """The text of the first thing of this name; "" for none."""
    found = named(element, name)
    return (found[0].text or "") if found else ""


def explain(answer: requests.Response) -> Refused:
    """What an error of OSS says."""
    try:
        root = parsed(answer.raw.read(1 << 16, decode_content=True))
        code = text(root, "Code") or str(answer.status_code)
        return Refused(answer.status_code, code, text(root, "Message"), text(root, "Endpoint"))
    except (ValueError, OSError, requests.exceptions.RequestException):
        return Refused(answer.status_code, str(answer.status_code), "")
