"""Page views become rows of Marketing Interaction, each once, of their visitor and of its account or lead.

A visitor may have become one of a type that is left out, such as a person. So Spotler Leads is asked about everybody
who viewed a page and was not among the visitors that were just read, once in a run.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from connector.dataverse.api import BatchRequest, Keyed, NotFound, Query, Row, WriteResult, bind, filters, lookup_id
from connector.dataverse.choices import InteractionType
from connector.dataverse.names import Account, Interaction, Lead, Visitor, lookup_value
from connector.dataverse.texts import cut
from connector.errors import Transient
from connector.services import Services
from connector.spotler import clean_text
from connector.spotler.leads import PageView, SpotlerLeads, VisitingCompany
from connector.sync.visitors.columns import written
from connector.sync.visitors.results import count_refusal
from connector.sync.visitors.storing import show_types, store_visitors, visitor_rows

#: The longest texts that the columns take.
NAME_LENGTH: Final = 300
URL_LENGTH: Final = 2000
#: What a page without a title and an address is called.
NAMELESS: Final = "Website visit"

#: Words of the counts.
VIEWS: Final = "page views"
NOBODY: Final = "page views of visitors that are left out"
TOO_OLD: Final = "page views too old to keep"


@dataclass(slots=True)
class KnownVisitors:
    """What is known of visitors in a run: who was shown with a wanted type, and whose page views are left out."""

    shown: set[str] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)


def store_views(
    services: Services, leads: SpotlerLeads, views: Sequence[PageView], known: KnownVisitors | None = None
) -> Counter[str]:
    """Write page views, and the visitors that are not there yet; count what became of them. Safe to repeat.

    Args:
        services: the systems.
        leads: is asked about visitors that were not shown.
        views: what to write.
        known: what is found out is added, so that nobody is asked about twice.

    Raises:
        ConnectorError: Dataverse or Spotler Leads cannot be asked; nothing may be acknowledged then.
    """
    fresh = [view for view in views if not _is_too_old(services, view)]
    counts = Counter({TOO_OLD: len(views) - len(fresh)})
    known = known or KnownVisitors()
    visitors = {view.visitor for view in fresh}
    rows = visitor_rows(services, visitors - known.left_out)
    if asked := sorted(visitors - known.left_out - (known.shown & rows.keys())):
        wanted = _asked(services, leads, asked, rows, known)
        counts += store_visitors(services, wanted)
        rows |= visitor_rows(services, {each.id for each in wanted} - rows.keys())
    kept = [view for view in fresh if view.visitor in rows.keys() - known.left_out]
    counts[NOBODY] += len(fresh) - len(kept)
    changes = [Keyed(filters.key({Interaction.KEY: view.key}), _interaction(view, rows[view.visitor])) for view in kept]
    results = services.dataverse.upsert_multiple(Interaction, changes) if changes else []
    counts += Counter(_word(result) for result in results)
    _count_visits(services, [rows[key] for key in sorted({view.visitor for view in kept})])
    return +counts


def _asked(
    services: Services, leads: SpotlerLeads, visitors: Sequence[str], rows: Mapping[str, Row], known: KnownVisitors
) -> list[VisitingCompany]:
    """Those of these that are wanted. One that Spotler Leads has no more is what its row says."""
    found = [each for each in services.pool.map(leads.visitor, visitors) if each is not None]
    wanted = [each for each in found if not is_left_out(services, each.type)]
    unwanted = [each for each in found if is_left_out(services, each.type)]
    known.shown |= {each.id for each in wanted} | (set(visitors) - {each.id for each in found}) & rows.keys()
    known.left_out |= set(visitors) - known.shown
    show_types(services, [(rows[each.id], each.type) for each in unwanted if each.id in rows])
    return wanted


def _word(result: WriteResult) -> str:
    if isinstance(result.error, NotFound):  # the block comes again, and the visitor is looked for anew
        raise Transient("A website visitor, or what it was matched to, was deleted meanwhile.")
    return VIEWS if result.error is None else count_refusal(result.error)


def is_left_out(services: Services, kind: str) -> bool:
    """Whether visitors of this type are not wanted."""
    given = services.settings.visitors_without_types.split(";")
    return kind.strip().casefold() in {each.strip().casefold() for each in given}


def _is_too_old(services: Services, view: PageView) -> bool:
    days = services.settings.keep_interactions_days
    return bool(days) and view.visited < services.now() - timedelta(days=days)


def _interaction(view: PageView, visitor: Row) -> Row:
    name = clean_text(view.title) or view.url or NAMELESS
    return {
        Interaction.NAME: cut(name, NAME_LENGTH),
        Interaction.TYPE: InteractionType.WEBSITE_VISIT.value,
        Interaction.ON: written(view.visited),
        Interaction.URL: cut(view.url, URL_LENGTH),
        Interaction.MAILING: cut(clean_text(view.campaign), NAME_LENGTH),
        f"{Interaction.VISITOR_NAVIGATION}@odata.bind": bind(Visitor.SET, str(visitor[Visitor.ID])),
        **_party(visitor),
    }


def _party(visitor: Row) -> Mapping[str, object]:
    """Whose visit it is beside the visitor's: of the lead or account that it belongs to."""
    if lead := lookup_id(visitor, Visitor.LEAD):
        return {f"{Interaction.LEAD_NAVIGATION}@odata.bind": bind(Lead.SET, lead)}
    if account := lookup_id(visitor, Visitor.ACCOUNT):
        return {f"{Interaction.ACCOUNT_NAVIGATION}@odata.bind": bind(Account.SET, account)}
    return {}


def _count_visits(services: Services, visitors: Sequence[Row]) -> None:
    """Write how many page views of these visitors are kept: counted, so that it stays right after a crash."""
    if not visitors:
        return
    requests = [_count(str(row[Visitor.ID])) for row in visitors]
    changed: list[Keyed] = []
    for row, answer in zip(visitors, services.dataverse.batch(requests), strict=True):
        if answer.error is not None:
            raise answer.error
        body = answer.body if isinstance(answer.body, dict) else {}
        count = body.get("@odata.count")
        if not isinstance(count, int):
            raise Transient("Dataverse did not count rows.")
        if count != row.get(Visitor.VISITS):
            changed.append(Keyed(str(row[Visitor.ID]), {Visitor.VISITS: count}))
    for result in services.dataverse.update_multiple(Visitor, changed) if changed else []:
        if result.error is not None:
            count_refusal(result.error)


def _count(visitor: str) -> BatchRequest:
    query = Query(
        set_name=Interaction.SET,
        select=(Interaction.ID,),
        filter=filters.eq(lookup_value(Interaction.VISITOR), filters.guid(visitor)),
        page_size=1,
    )
    return BatchRequest("GET", f"{query.path}&$count=true", Interaction.SET, headers=query.headers)
