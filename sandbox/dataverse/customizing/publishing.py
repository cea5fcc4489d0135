"""Publishing: what a `ParameterXml` names, who is told, and rows that have an unpublished layer.

`Layers` is for rows whose changes show only when they are published: it keeps the row as it was published while the
store has the row as it was changed. Other parts of the stand-in register with `Publishing.when` for what they publish.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from sandbox.dataverse.customizing.refusals import invalid
from sandbox.dataverse.store import Row, Store
from sandbox.dataverse.writes import RowEvent

#: The lists that a `ParameterXml` can have, and what their items are called.
KINDS: Mapping[str, str] = {
    "entities": "entity",
    "optionsets": "optionset",
    "webresources": "webresource",
    "dashboards": "dashboard",
    "sitemaps": "sitemap",
    "appmodules": "appmodule",
    "ribbons": "ribbon",
    "workflows": "workflow",
}

#: Is told which items of a kind are published: names, or ids without braces, in lower case. None is all.
type Listener = Callable[[frozenset[str] | None], None]


class Publishing:
    """Tells listeners what is published."""

    def __init__(self) -> None:
        self._listeners: defaultdict[str, list[Listener]] = defaultdict(list)

    def when(self, kind: str, listener: Listener) -> None:
        """Call somebody when items of a kind (a key of `KINDS`) are published."""
        self._listeners[kind].append(listener)

    def publish(self, parameter_xml: str) -> None:
        """Publish what a `ParameterXml` names.

        Raises:
            ApiError: 400 when it cannot be read, or names a kind that there is not.
        """
        wanted = _read(parameter_xml)
        for kind, names in wanted.items():
            for listener in self._listeners[kind]:
                listener(names)

    def publish_all(self) -> None:
        """Publish everything."""
        for kind in list(self._listeners):
            for listener in self._listeners[kind]:
                listener(None)


class Layers:
    """Rows that were changed since they were published.

    Args:
        store: the rows as they were changed.
        invisible: the tables whose new rows do not show before they are published.
        layered: the tables whose changes do not show before they are published; those of `invisible` included.
    """

    def __init__(self, store: Store, invisible: frozenset[str], layered: frozenset[str]) -> None:
        self._store = store
        self._invisible = invisible
        self._layered = layered | invisible
        self._published: dict[tuple[str, str], Row | None] = {}

    def on_commit(self, events: list[RowEvent]) -> None:
        """Keep the published row when another one takes its place."""
        for event in events:
            key = event.table, event.row_id
            if event.table not in self._layered:
                continue
            if event.after is None:
                self._published.pop(key, None)
            elif event.message == "Create" and event.table in self._invisible:
                self._published[key] = None
            elif event.message == "Update":
                self._published.setdefault(key, event.before)

    def published(self, table: str, row_id: str) -> Row | None:
        """The row as it was published last; None when it never was, or is not there."""
        key = table, row_id
        return self._published[key] if key in self._published else self._store.get(table, row_id)

    def is_changed(self, table: str, row_id: str) -> bool:
        """Whether the row has an unpublished layer."""
        return (table, row_id) in self._published

    def has(self, table: str) -> bool:
        """Whether rows of a table have two layers."""
        return table in self._layered

    def publish(self, table: str, row_ids: frozenset[str] | None = None) -> None:
        """Publish rows of a table, or all of them."""
        for key in [key for key in self._published if key[0] == table and (row_ids is None or key[1] in row_ids)]:
            del self._published[key]

    @contextmanager
    def as_published(self, table: str) -> Iterator[None]:
        """Meanwhile, the rows of a table are in the store as they were published."""
        data = self._store.tables[table]
        changed = [data.rows[row_id] for name, row_id in self._published if name == table and row_id in data.rows]
        for row in changed:
            published = self._published[table, row.id]
            data.remove(row.id) if published is None else data.put(published)
        try:
            yield
        finally:
            for row in changed:
                data.put(row)

    def clear(self) -> None:
        """Forget everything."""
        self._published.clear()


def _read(parameter_xml: str) -> dict[str, frozenset[str]]:
    try:
        root: Element = fromstring(parameter_xml)
    except (ParseError, DefusedXmlException):
        raise invalid("ParameterXml is not valid XML.") from None
    if root.tag != "importexportxml":
        raise invalid("ParameterXml must begin with importexportxml.")
    wanted: dict[str, frozenset[str]] = {}
    for group in root:
        if group.tag not in KINDS:
            raise invalid(f"ParameterXml has an element '{group.tag}' that is not known.")
        names = frozenset(
            (item.text or "").strip().strip("{}").lower() for item in group if item.tag == KINDS[group.tag]
        )
        if len(group) and not names:
            raise invalid(f"'{group.tag}' in ParameterXml must have elements '{KINDS[group.tag]}'.")
        wanted[group.tag] = names
    return wanted
