"""Fixtures: where a test starts. They are not written into the journal of effects."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC

from sandbox.spotler.app import Sandbox
from sandbox.spotler.properties import PERMISSIONS, Option, Property, Schema
from sandbox.spotler.side_door import shapes
from sandbox.spotler.store.forms import Form, FormField
from sandbox.spotler.store.journeys import Automation, Campaign, FieldDefinition, Trigger
from sandbox.spotler.store.lists import Audience, TemporaryList
from sandbox.spotler.store.mailings import Link, Mailing, TrendReport


def load_contacts(sandbox: Sandbox, body: bytes) -> object:
    """Create contacts as they are described, whether a caller could have done so or not."""
    world = sandbox.world
    created: list[str] = []
    with world.journal.muted():
        for each in shapes.Contacts.model_validate_json(body).contacts:
            values = world.schema.changed({}, each.properties, purge=True)
            field = each.field or world.settings.credentials[0].field
            if each.external_id is not None and world.contacts.by_external_id(field, each.external_id):
                raise ValueError(f"contact {each.external_id} exists already")
            contact = world.contacts.create(world.clock.now())
            if each.external_id is not None:
                world.contacts.set_external_id(contact, field, each.external_id)
            world.contacts.set_values(contact, values)
            contact.test_group, contact.temporary = each.test_group, each.temporary
            contact.inactive = each.inactive
            if each.last_changed is not None:
                contact.last_changed = each.last_changed.astimezone(UTC)
            for tag, score in each.tags.items():
                world.tags.create(tag)
                world.tags.give(contact.key, tag, score)
            created.append(contact.encrypted_id)
    return {"encryptedIds": created}


def load_automations(sandbox: Sandbox, body: bytes) -> object:
    """Add or replace automations."""
    wanted = shapes.Automations.model_validate_json(body).automations
    for each in wanted:
        sandbox.world.automations[each.automation_id] = Automation(
            automation_id=each.automation_id,
            name=each.name,
            active=each.active,
            triggers=tuple(Trigger(t.trigger_code, t.name) for t in each.triggers),
            fields=tuple(FieldDefinition(f.name, f.type) for f in each.fields),
            participation_limit=each.participation_limit,
        )
    return {"loaded": len(wanted)}


def load_campaigns(sandbox: Sandbox, body: bytes) -> object:
    """Add or replace campaigns; their mailings must exist."""
    wanted = shapes.Campaigns.model_validate_json(body).campaigns
    for each in wanted:
        if unknown := [m for m in each.mailings if m not in sandbox.world.mailings]:
            raise ValueError(f"mailing {unknown[0]} is unknown")
        sandbox.world.campaigns[each.encrypted_id] = Campaign(
            encrypted_id=each.encrypted_id,
            name=each.name,
            active=each.active,
            triggers=tuple(Trigger(t.trigger_code, t.name) for t in each.triggers),
            mailings=tuple(each.mailings),
        )
    return {"loaded": len(wanted)}


def load_mailings(sandbox: Sandbox, body: bytes) -> object:
    """Add or replace mailings and reports."""
    wanted, world = shapes.Mailings.model_validate_json(body), sandbox.world
    now = world.clock.now()
    for each in wanted.mailings:
        start = each.scheduled_start_date
        world.mailings[each.encrypted_id] = Mailing(
            encrypted_id=each.encrypted_id,
            name=each.name,
            subject=each.subject,
            scheduled_start=now if start is None else start.astimezone(UTC),
            in_campaign=each.campaign,
            type=each.type,
            trend_report_id=each.trend_report_id,
            links=tuple(Link(link.id, link.name, link.url, link.type) for link in each.links),
        )
    for report in wanted.trend_reports:
        world.trend_reports[report.id] = TrendReport(
            id=report.id, name=report.name, create_date=now, enabled=report.enabled
        )
    return {"loaded": len(wanted.mailings) + len(wanted.trend_reports)}


def load_lists(sandbox: Sandbox, body: bytes) -> object:
    """Add audiences and temporary lists."""
    wanted, world = shapes.Lists.model_validate_json(body), sandbox.world
    now, field = world.clock.now(), world.settings.credentials[0].field
    for each in wanted.audiences:
        members = {each: world.contacts.by_external_id(field, each) for each in each.members}
        if unknown := [external_id for external_id, contact in members.items() if contact is None]:
            raise ValueError(f"contact {unknown[0]} is unknown")
        world.audiences[each.external_id] = Audience(
            external_id=each.external_id,
            name=each.name,
            description=None,
            created=now,
            changed=now,
            in_use=each.in_use,
            members={contact.key for contact in members.values() if contact is not None},
        )
    world.templists.extend(
        TemporaryList(external_id=each.external_id, name=each.name, created=now, type=each.type, in_use=each.in_use)
        for each in wanted.temporary_lists
    )
    return {"loaded": len(wanted.audiences) + len(wanted.temporary_lists)}


def load_forms(sandbox: Sandbox, body: bytes) -> object:
    """Add or replace forms."""
    wanted = shapes.Forms.model_validate_json(body).forms
    for each in wanted:
        sandbox.world.forms[each.id] = Form(
            id=each.id,
            enc_id=each.enc_id or f"fOrm{each.id}",
            name=each.name,
            sub_type=each.form_sub_type,
            state=each.form_state,
            fields=tuple(FormField(f.id, f.description, f.property) for f in each.fields),
        )
    return {"loaded": len(wanted)}


def load_properties(sandbox: Sandbox, body: bytes) -> object:
    """Change the properties of the account; values that contacts hold are left as they are."""
    wanted, world = shapes.Properties.model_validate_json(body), sandbox.world
    properties = {} if wanted.replace else dict(world.schema.properties)
    for each in wanted.properties:
        options = tuple(Option(o.bit, o.description, o.rank) for o in each.entries)
        properties[each.name] = Property(each.name, each.description, each.type, options, each.visible)
    world.schema = Schema(properties.values())
    return {"properties": list(properties)}


def rename_permissions(sandbox: Sandbox, body: bytes) -> object:
    """Give permissions other names, as a user of Mail+ can: the bit stays, and who has it."""
    names, world = shapes.PermissionNames.model_validate_json(body).names, sandbox.world
    permissions = world.schema.properties[PERMISSIONS]
    if unknown := names.keys() - {option.bit for option in permissions.options}:
        raise ValueError(f"there is no permission with the bit {min(unknown)}")
    options = tuple(replace(o, description=names.get(o.bit, o.description)) for o in permissions.options)
    world.schema = Schema((world.schema.properties | {PERMISSIONS: replace(permissions, options=options)}).values())
    return {"permissions": {option.bit: option.description for option in options}}


def show_properties(sandbox: Sandbox, body: bytes) -> object:
    """Show properties to callers of the API or hide them; values that contacts hold are left as they are."""
    visible, world = shapes.Visibility.model_validate_json(body).visible, sandbox.world
    if unknown := visible.keys() - world.schema.properties.keys():
        raise ValueError(f"property {min(unknown)} is unknown")
    world.schema = Schema(
        replace(each, visible=visible.get(name, each.visible)) for name, each in world.schema.properties.items()
    )
    return {"visible": [each.name for each in world.schema.properties.values() if each.visible]}


#: By the last part of the path below the side door.
FIXTURES: dict[str, Callable[[Sandbox, bytes], object]] = {
    "contacts": load_contacts,
    "automations": load_automations,
    "campaigns": load_campaigns,
    "mailings": load_mailings,
    "lists": load_lists,
    "forms": load_forms,
    "properties": load_properties,
    "permission_names": rename_permissions,
    "visibility": show_properties,
}
