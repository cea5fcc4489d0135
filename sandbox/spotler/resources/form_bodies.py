"""What is sent to a form, as JSON or, by one plug-in, as XML."""

from dataclasses import dataclass
from xml.etree import ElementTree as ET

from sandbox.spotler.call import Call
from sandbox.spotler.errors import invalid
from sandbox.spotler.wire import Fields

_XML_TYPES = {"application/xml", "text/xml"}


@dataclass(frozen=True, slots=True)
class Submission:
    """The answers by field id; a field can have several."""

    answers: dict[int, tuple[str, ...]]

    @classmethod
    def of_json(cls, body: Fields, member: str, *, required: bool = True) -> "Submission":
        """Out of a map from field id to texts. Raises 400."""
        if required and body.members.get(member) is None:
            raise invalid(f"{member} is missing")
        answers = Fields(body.mapping(member), member)
        return cls({_field_id(name): tuple(answers.texts(name) or ()) for name in answers.members})


def submission(call: Call) -> Submission:
    """The answers in the body of a call."""
    if call.media_type in _XML_TYPES:
        return _of_xml(call.body)
    body = call.fields()
    body.required_text("postUrl")
    return Submission.of_json(body, "formParams")


def _of_xml(body: bytes) -> Submission:
    """`<params><postUrl/><formParams><entry><key/><value><item/></value></entry></formParams></params>`."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise invalid("The body must not declare entities")
    try:
        root = ET.fromstring(body)  # noqa: S314 - without declarations there is nothing to expand
    except ET.ParseError:
        raise invalid("The body is not valid XML") from None
    if root.tag != "params" or not root.findtext("postUrl"):
        raise invalid("postUrl is missing")
    return Submission(
        {
            _field_id(entry.findtext("key") or ""): tuple(item.text or "" for item in entry.iter("item"))
            for entry in root.findall("formParams/entry")
        }
    )


def _field_id(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise invalid("The id of a form field must be a whole number")
    return int(text)
