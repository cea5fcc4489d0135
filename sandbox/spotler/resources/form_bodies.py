"""What is sent to a form, as JSON or, by one plug-in, as XML."""

from dataclasses import dataclass
from xml.etree import ElementTree as ET

from sandbox.spotler.call import Call
from sandbox.spotler.errors import invalid
from sandbox.spotler.store.forms import Form
from sandbox.spotler.wire import Fields

FORM_ENC_ID = "formEncId"
_PARAMS = ("postUrl", "outputFormat", "outputMode", "formParams")
_MARKUP = ("HTML4STRICT", "XHTML1STRICT")
_LAYOUTS = ("TABLES", "DIV")
_XML_TYPES = {"application/xml", "text/xml"}


@dataclass(frozen=True, slots=True)
class Submission:
    """The answers by field id; a field can have several."""

    answers: dict[int, tuple[str, ...]]


def prefilled(body: Fields, form: Form) -> Submission:
    """The values that a form is to be shown with, from field id to texts. Raises 400 for an unknown field."""
    values = Fields(body.mapping("prefilledValues"), [str(each.id) for each in form.fields], "prefilledValues")
    return Submission({int(key): tuple(values.texts(key) or ()) for key in values.members})


def submission(call: Call, form: Form) -> Submission:
    """The answers in the body of a call. Keys that are no field of the form are ignored: browsers send the button too.

    Raises 400, also for a `formEncId` of another form.
    """
    answers = _of_xml(call.body) if call.media_type in _XML_TYPES else _of_json(call.fields(*_PARAMS))
    if answers.get(FORM_ENC_ID, [form.enc_id]) != [form.enc_id]:
        raise invalid(f"{FORM_ENC_ID} belongs to another form")
    return Submission({each.id: tuple(answers[str(each.id)]) for each in form.fields if str(each.id) in answers})


def check_look(markup: str | None, layout: str | None) -> None:
    """Raise 400 for an `outputFormat` or `outputMode` that does not exist."""
    if (markup or _MARKUP[0]) not in _MARKUP or (layout or _LAYOUTS[0]) not in _LAYOUTS:
        raise invalid("outputFormat or outputMode is unknown")


def _of_json(body: Fields) -> dict[str, list[str]]:
    body.required_text("postUrl")
    check_look(body.text("outputFormat"), body.text("outputMode"))
    if body.members.get("formParams") is None:
        raise invalid("formParams is missing")
    params = body.mapping("formParams")
    answers = Fields(params, params, "formParams")
    return {key: answers.texts(key) or [] for key in params}


def _of_xml(body: bytes) -> dict[str, list[str]]:
    """`<params><postUrl/><formParams><entry><key/><value><item/></value></entry></formParams></params>`."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise invalid("The body must not declare entities")
    try:
        root = ET.fromstring(body)  # noqa: S314 - without declarations there is nothing to expand
    except ET.ParseError:
        raise invalid("The body is not valid XML") from None
    if root.tag != "params" or not root.findtext("postUrl"):
        raise invalid("postUrl is missing")
    if unknown := {each.tag for each in root} - set(_PARAMS):
        raise invalid(f"params has an unknown element: {min(unknown)}")
    check_look(root.findtext("outputFormat"), root.findtext("outputMode"))
    return {
        entry.findtext("key") or "": [item.text or "" for item in entry.iter("item")]
        for entry in root.findall("formParams/entry")
    }
