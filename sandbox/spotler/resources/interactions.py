"""The feeds over all mailings, and the reports that mailings are gathered in."""

from sandbox.spotler.call import Call
from sandbox.spotler.errors import invalid
from sandbox.spotler.routing import INTERVAL, PAGE, Handler, Route
from sandbox.spotler.store.events import Event, EventKind
from sandbox.spotler.store.mailings import Mailing
from sandbox.spotler.wire import Answer, json_answer


def _feed(kind: EventKind) -> Handler:
    def handler(call: Call) -> Answer:
        reports = _report_ids(call)
        page = call.page()
        events = [
            event
            for event in _in_intervals(call, kind)
            if not reports or _mailing(call, event).trend_report_id in reports
        ]
        by_change = call.query.get("fromChangeDate") or call.query.get("toChangeDate")
        events.sort(key=lambda event: (event.changed if by_change else event.date, event.id))
        views = [_view(call, event) for event in page.of(events)]
        return json_answer(call.envelope("interactions", views, len(events), page))

    return handler


def trend_reports(call: Call) -> Answer:
    """The reports, all or those with one state of `enabled`."""
    page, enabled = call.page(), call.flag("enabled")
    found = [each for each in call.world.trend_reports.values() if enabled in {None, each.enabled}]
    views: list[dict[str, object]] = [
        {
            "id": report.id,
            "name": report.name,
            "enabled": report.enabled,
            "target": report.target,
            "createDate": call.iso(report.create_date),
            "contentType": report.content_type,
            "reportingEnabled": False,
            "author": "Sandbox",
            "mailingCount": sum(m.trend_report_id == report.id for m in call.world.mailings.values()),
        }
        for report in page.of(found)
    ]
    return json_answer(call.envelope("trendReports", views, len(found), page))


def _in_intervals(call: Call, kind: EventKind) -> list[Event]:
    """By the date of the event and by the date on which the account learned of it."""
    start, end = call.date("fromDate"), call.date("toDate")
    changed_start, changed_end = call.date("fromChangeDate"), call.date("toChangeDate")
    return [
        event
        for event in call.world.log.of_kind(kind)
        if (start is None or start <= event.date)
        and (end is None or event.date < end)
        and (changed_start is None or changed_start <= event.changed)
        and (changed_end is None or event.changed < changed_end)
    ]


def _report_ids(call: Call) -> set[int]:
    text = call.query.get("trendReportIds")
    if not text:
        return set()
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise invalid("trendReportIds must be whole numbers, separated by commas")
    return {int(part) for part in parts}


def _mailing(call: Call, event: Event) -> Mailing:
    return call.world.mailings[event.mailing or ""]


def _view(call: Call, event: Event) -> dict[str, object]:
    mailing = _mailing(call, event)
    view: dict[str, object] = {
        "id": event.id,
        "encryptedMailingId": mailing.encrypted_id,
        "date": call.iso(event.date),
        "changeDate": call.iso(event.changed),
    }
    if (external_id := call.external_id(event.contact)) is not None:
        view["externalContactId"] = external_id
    if mailing.trend_report_id is not None:
        view["trendReportId"] = mailing.trend_report_id
    if event.kind is EventKind.SENT:
        view |= {
            "name": mailing.name,
            "subject": mailing.subject,
            "onlineVersionLink": mailing.online_version,
        }
    elif event.kind is EventKind.BOUNCED:
        view["bounceType"] = "HARD" if event.hard else "SOFT"
    return view


_QUERY = (*INTERVAL, "fromChangeDate", "toChangeDate", "trendReportIds", *PAGE)
ROUTES = (
    Route("GET", "/mailing-interaction/sent", _feed(EventKind.SENT), query=_QUERY),
    Route("GET", "/mailing-interaction/opened", _feed(EventKind.OPENED), query=_QUERY),
    Route("GET", "/mailing-interaction/clicked", _feed(EventKind.CLICKED), query=_QUERY),
    Route("GET", "/mailing-interaction/bounced", _feed(EventKind.BOUNCED), query=_QUERY),
    Route("GET", "/trend-report", trend_reports, query=("enabled", *PAGE)),
)
