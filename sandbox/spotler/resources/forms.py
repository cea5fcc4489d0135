"""Forms: shown, prefilled, submitted; and their results."""

from datetime import date, datetime
from html import escape

from sandbox.spotler.call import Call
from sandbox.spotler.dates import parse_form_date
from sandbox.spotler.errors import ErrorType, invalid, missing, unknown_reference
from sandbox.spotler.resources.form_bodies import FORM_ENC_ID, check_look, prefilled, submission
from sandbox.spotler.routing import Route
from sandbox.spotler.rules.forms import submit
from sandbox.spotler.store.events import Event, EventKind
from sandbox.spotler.store.forms import Form
from sandbox.spotler.wire import Answer, json_answer

_KINDS = ("normal", "subscribe", "unSubscribe", "editProfile")
_STATES = ("draft", "proof", "final")
_REQUEST = ("postUrl", "encId", "extraParams", "outputFormat", "outputMode", "prefilledValues")


def list_forms(call: Call) -> Answer:
    """All forms, or those of one kind and state."""
    kind, state = call.query.get("formSubType"), call.query.get("formState")
    if kind not in {None, "", *_KINDS} or state not in {None, "", *_STATES}:
        raise invalid("formSubType or formState is unknown")
    return json_answer(
        [
            {"id": form.id, "name": form.name, "formSubType": form.sub_type, "formState": form.state}
            for form in call.world.forms.values()
            if kind in {None, "", form.sub_type} and state in {None, "", form.state}
        ]
    )


def get_form(call: Call, form_id: str) -> Answer:
    """The form as HTML; with the `encId` of a contact the fields hold what is known of the contact."""
    form = _form(call, form_id)
    post_url = call.query.get("postUrl")
    if not post_url:
        raise invalid("postUrl is missing")
    check_look(call.query.get("outputFormat"), call.query.get("outputMode"))
    _require_no_extra(call.query.get("extraParams"))
    encrypted_id = call.query.get("encId")
    return json_answer(_shown(form, post_url, _known_values(call, form, encrypted_id) if encrypted_id else {}))


def prefilled_form(call: Call, form_id: str) -> Answer:
    """The form as HTML with values in it; here `encId` is that of the form."""
    form = _form(call, form_id)
    body = call.fields(*_REQUEST)
    post_url = body.required_text("postUrl")
    check_look(body.text("outputFormat"), body.text("outputMode"))
    _require_no_extra(body.text("extraParams"))
    if (body.text("encId") or form.enc_id) != form.enc_id:
        raise invalid("encId belongs to another form")
    return json_answer(_shown(form, post_url, prefilled(body, form).answers))


def form_results(call: Call, form_id: str) -> Answer:
    """Results in an interval; `completed=true` leaves out those that were broken off."""
    form = _form(call, form_id)
    start, end = _date(call, "startDate"), _date(call, "endDate")
    completed = call.flag("completed")
    if completed is False:
        raise invalid("completed can only be true")
    return json_answer(
        [
            _result_view(call, form, event)
            for event in call.world.log.of_kind(EventKind.FORM)
            if event.form == form.id
            and (start is None or start <= event.date)
            and (end is None or event.date < end)
            and (event.completed or not completed)
        ]
    )


def submit_form(call: Call, form_id: str) -> Answer:
    """Fill in the form; the answer is the confirmation page."""
    form = _form(call, form_id)
    submit(call.world, form, submission(call, form).answers)
    return json_answer({"html": "<p>Thank you.</p>", "script": "", "isConfirmationPage": True})


def form_result(call: Call, form_id: str, result_id: str) -> Answer:
    """One result."""
    form = _form(call, form_id)
    event = call.world.log.by_id(_number(result_id))
    if event is None or event.kind is not EventKind.FORM or event.form != form.id:
        raise missing(ErrorType.FORMRESULT_NOT_FOUND, f"Form result {result_id}")
    return json_answer(_result_view(call, form, event))


def _form(call: Call, form_id: str) -> Form:
    form = call.world.forms.get(_number(form_id))
    if form is None:
        raise missing(ErrorType.FORM_NOT_FOUND, f"Form {form_id}")
    return form


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _date(call: Call, name: str) -> datetime | None:
    text = call.query.get(name)
    if not text:
        return None
    moment = parse_form_date(text, call.zone)
    if moment is None:
        raise invalid(f"{name} is not a date of the form yyyyMMddHHmmss")
    return moment


def _require_no_extra(text: str | None) -> None:
    if text:
        raise invalid("What extraParams does is not known")


def _known_values(call: Call, form: Form, encrypted_id: str) -> dict[int, tuple[str, ...]]:
    contact = call.world.contacts.by_encrypted_id(encrypted_id)
    if contact is None:
        raise unknown_reference(ErrorType.CONTACT_NOT_FOUND, f"Contact {encrypted_id}")
    held = {each.id: contact.values.get(each.property or "") for each in form.fields}
    return {field: (str(value),) for field, value in held.items() if isinstance(value, str | int | date)}


def _shown(form: Form, post_url: str, values: dict[int, tuple[str, ...]]) -> dict[str, object]:
    inputs = "".join(
        f'<label>{escape(each.description)}<input name="{each.id}"'
        f' value="{escape(", ".join(values.get(each.id, ())))}"/></label>'
        for each in form.fields
    )
    hidden = f'<input type="hidden" name="{FORM_ENC_ID}" value="{escape(form.enc_id)}"/>'
    html = f'<form method="post" action="{escape(post_url)}">{hidden}{inputs}<input type="submit"/></form>'
    return {"html": html, "script": "", "isConfirmationPage": False}


def _result_view(call: Call, form: Form, event: Event) -> dict[str, object]:
    answers = dict(event.answers)
    return {
        "formResultId": event.id,
        "submittedAt": call.iso(event.date),
        "testResult": form.state != "final",
        "completed": event.completed,
        "answers": [
            {
                "rank": rank,
                "fieldId": each.id,
                "description": each.description,
                "answer": list(answers.get(each.id, ())),
            }
            for rank, each in enumerate(form.fields, start=1)
        ],
    }


ROUTES = (
    Route("GET", "/form/list", list_forms, query=("formSubType", "formState")),
    Route("GET", "/form/{formId}", get_form, query=_REQUEST[:-1]),
    Route("POST", "/form/{formId}", prefilled_form),
    Route("GET", "/form/result/{formId}", form_results, query=("completed", "startDate", "endDate")),
    Route("POST", "/form/result/{formId}", submit_form),
    Route("GET", "/form/result/{formId}/{formResultId}", form_result),
)
