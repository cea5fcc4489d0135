"""Tags and scores. That the calls exist is certain, their paths are not: a switch turns them on."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.spotler.call import Call
from sandbox.spotler.errors import invalid
from sandbox.spotler.properties import MAX_TEXT
from sandbox.spotler.routing import Route
from sandbox.spotler.store.world import World
from sandbox.spotler.wire import NO_CONTENT, Answer, Fields, json_answer

#: How a score becomes another; a contact without one starts from 0.
_OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "SET": lambda _old, given: given,
    "INCREASE": lambda old, given: old + given,
    "DECREASE": lambda old, given: old - given,
}


@dataclass(frozen=True, slots=True)
class _Change:
    name: str
    score: int | None
    operation: str


def list_tags(call: Call) -> Answer:
    """Every tag of the account."""
    return json_answer([{"name": name} for name in call.world.tags.names.values()])


def create_tag(call: Call) -> Answer:
    """Make a tag known without giving it to anybody; known already is fine too."""
    _create(call.world, _name(call.fields("name")))
    return NO_CONTENT


def contact_tags(call: Call, external_id: str) -> Answer:
    """The tags of a contact; `score` is null where there is none."""
    held = call.world.tags.of(call.contact(external_id).key)
    return json_answer([{"name": name, "score": score} for name, score in held.items()])


def add_tags(call: Call, external_id: str) -> Answer:
    """Give tags, each with a score if it names one. All entries are checked before any is written."""
    contact = call.contact(external_id)
    changes = [_change(entry) for entry in _entries(call, "name", "score", "scoreOperation")]
    tags, journal = call.world.tags, call.world.journal
    for change in changes:
        _create(call.world, change.name)
        had, old = tags.has(contact.key, change.name), tags.score(contact.key, change.name)
        new = old if change.score is None else _OPERATIONS[change.operation](old or 0, change.score)
        tags.give(contact.key, change.name, new)
        if not had:
            journal.record("tag.added", external_id, tag=change.name)
        if new != old:
            journal.record("score.changed", external_id, tag=change.name, old=old, new=new)
    return NO_CONTENT


def remove_tags(call: Call, external_id: str) -> Answer:
    """Take tags and their scores away; those the contact does not have are ignored."""
    contact = call.contact(external_id)
    for name in [_name(entry) for entry in _entries(call, "name")]:
        if call.world.tags.take(contact.key, name):
            call.world.journal.record("tag.removed", external_id, tag=name)
    return NO_CONTENT


def _entries(call: Call, *known: str) -> list[Fields]:
    entries = call.fields("tags").objects("tags", *known)
    if not entries:
        raise invalid("tags is missing or empty")
    return entries


def _name(entry: Fields) -> str:
    name = entry.required_text("name")
    if not name.strip() or len(name) > MAX_TEXT:
        raise invalid(f"name must have 1 to {MAX_TEXT} characters")
    return name


def _change(entry: Fields) -> _Change:
    score, operation = entry.number("score"), entry.text("scoreOperation")
    if operation is not None and (score is None or operation not in _OPERATIONS):
        raise invalid("scoreOperation must be SET, INCREASE or DECREASE and needs a score")
    return _Change(_name(entry), score, operation or "SET")


def _create(world: World, name: str) -> None:
    if world.tags.create(name):
        world.journal.record("tag.created", tag=name)


ROUTES = (
    Route("GET", "/tag/list", list_tags, extension="tags"),
    Route("POST", "/tag", create_tag, extension="tags"),
    Route("GET", "/contact/{externalId}/tags", contact_tags, extension="tags"),
    Route("POST", "/contact/{externalId}/tags", add_tags, extension="tags"),
    Route("DELETE", "/contact/{externalId}/tags", remove_tags, extension="tags", with_body=True),
)
