"""Answers of OSS, which are XML: what they hold, and what an error says."""

from xml.etree import ElementTree

import requests
from urllib3.exceptions import HTTPError

from collectors.bills.stores.calling import Refused
from collectors.bills.stores.reading import BrokenOffError


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
    """What an error of OSS says. Raises BrokenOffError where it ends in the middle."""
    content = b""
    try:
        content = answer.raw.read(1 << 16, decode_content=True)
        root = parsed(content)
        code = text(root, "Code") or str(answer.status_code)
        return Refused(answer.status_code, code, text(root, "Message"), text(root, "Endpoint"))
    except (HTTPError, OSError) as error:
        raise BrokenOffError(f"an error that broke off ({type(error).__name__})") from error
    except ValueError as error:
        if content.startswith(b"<?xml"):
            raise BrokenOffError("an error that broke off") from error
        return Refused(answer.status_code, str(answer.status_code), "")
