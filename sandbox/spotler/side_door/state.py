"""The whole state as JSON, for tests to compare with what they expect."""

from sandbox.spotler.app import Sandbox
from sandbox.spotler.properties import PERMISSIONS
from sandbox.spotler.store.contacts import Contact
from sandbox.spotler.store.events import Event
from sandbox.spotler.store.journeys import Run, Runs
from sandbox.spotler.store.world import World

type View = dict[str, object]


def state(sandbox: Sandbox) -> View:
    """Contacts are named by the external id in the first credential's field, else by their encrypted id."""
    world = sandbox.world
    field = sandbox.settings.credentials[0].field
    names = _names(sandbox)

    def members(keys: set[int]) -> list[str]:
        return sorted(names[key] for key in keys)

    return {
        "contacts": [_contact(world, field, contact) for contact in world.contacts],
        "audiences": audiences(sandbox),
        "temporaryLists": [
            {"externalId": each.external_id, "name": each.name, "members": members(each.members)}
            for each in world.templists
        ],
        "tags": [{"name": name} for name in world.tags.names.values()],
        "automations": [
            {"automationId": each.automation_id, "name": each.name, "active": each.active}
            for each in world.automations.values()
        ],
        "automationRuns": _runs(world.automation_runs, names),
        "campaigns": [
            {"encryptedId": each.encrypted_id, "name": each.name, "active": each.active}
            for each in world.campaigns.values()
        ],
        "campaignRuns": _runs(world.campaign_runs, names),
        "mailings": [{"encryptedId": m.encrypted_id, "name": m.name} for m in world.mailings.values()],
        "events": [_event(event, names) for event in world.log.all()],
        "products": [
            {"externalId": each.external_id, "deleted": each.deleted} for each in world.shop.products.values()
        ],
        "orders": [
            {"externalId": each.external_id, "contact": names[each.contact], "value": each.value}
            for each in world.shop.orders.values()
        ],
        "forms": [{"id": form.id, "name": form.name} for form in world.forms.values()],
    }


def audiences(sandbox: Sandbox) -> list[View]:
    """The audiences alone, with their members: the whole state of a large account takes a minute."""
    names = _names(sandbox)
    return [
        {
            "externalId": each.external_id,
            "name": each.name,
            "inUse": each.in_use,
            "members": sorted(names[key] for key in each.members),
        }
        for each in sandbox.world.audiences.values()
    ]


def _names(sandbox: Sandbox) -> dict[int, str]:
    field = sandbox.settings.credentials[0].field
    return {each.key: each.external_ids.get(field, each.encrypted_id) for each in sandbox.world.contacts}


def _contact(world: World, field: str, contact: Contact) -> View:
    permissions = contact.values.get(PERMISSIONS)
    on = permissions if isinstance(permissions, frozenset) else frozenset[int]()
    return {
        "externalId": contact.external_ids.get(field),
        "externalIds": contact.external_ids,
        "encryptedId": contact.encrypted_id,
        "created": contact.created.isoformat(timespec="milliseconds"),
        "lastChanged": contact.last_changed.isoformat(timespec="milliseconds"),
        "testGroup": contact.test_group,
        "temporary": contact.temporary,
        "inactive": contact.inactive,
        "anonymized": contact.anonymised,
        "softBouncesInRow": contact.soft_bounces_in_row,
        "properties": world.schema.rendered(contact.values, world.zone, dates_as_timestamps=False),
        "permissions": sorted(on),
        "tags": world.tags.of(contact.key),
    }


def _runs(runs: Runs, names: dict[int, str]) -> list[View]:
    def view(run: Run) -> View:
        return {
            "runId": str(run.run_id),
            "of": run.journey,
            "contact": names[run.contact],
            "started": run.started.isoformat(timespec="milliseconds"),
            "ended": run.ended.isoformat(timespec="milliseconds") if run.ended else None,
            "fields": run.fields,
        }

    return [view(run) for run in runs.all()]


def _event(event: Event, names: dict[int, str]) -> View:
    return {
        "id": event.id,
        "kind": event.kind.value,
        "contact": None if event.contact is None else names[event.contact.key],
        "date": event.date.isoformat(timespec="milliseconds"),
        "mailing": event.mailing,
        "passage": event.passage,
        "link": event.link,
        "hard": event.hard,
        "bits": list(event.bits),
    }
