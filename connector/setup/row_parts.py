"""Components that are rows, such as views and web resources: how they are found, compared, made and changed.

Most kinds get an id that follows from their name, so that every environment has the same one. Of some kinds Dataverse
keeps two layers: a plain read shows the row as it was published, and a change shows only in the unpublished one. Such a
row is read in both. It is changed by the unpublished one, and it is as the manifest says when both are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Final
from urllib.parse import quote
from uuid import UUID, uuid5

from connector.dataverse.schema.installation import SOLUTION
from connector.dataverse.schema.labels import Text
from connector.setup.component import TABLE, Found, Part, PropertyDifference, Publication, Removal
from connector.setup.tables import TablePart
from connector.setup.target import SetupTarget
from connector.words import Sentence

#: The namespace of the ids that we give to rows.
_IDS: Final = UUID("6f0c6d3e-3c55-5bd2-9b0e-0f5a5b8f2a71")
UNPUBLISHED: Final = "Microsoft.Dynamics.CRM.RetrieveUnpublishedMultiple()"
#: What most kinds of rows have while they are in use.
ACTIVE: Final = {"statecode": 0, "statuscode": 1}
#: Where a row that was read has its published layer, and its texts by column and language.
PUBLISHED: Final = "(published)"
TEXTS: Final = "(texts)"
#: Longer values stand in a plan by their length.
_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class RowKind:
    """A table whose rows are components.

    Attributes:
        table: its logical name, e.g. `savedquery`.
        set_name: its entity set, e.g. `savedqueries`.
        id_column: its primary key.
        layered: whether changes show only when they are published.
        published_as: the element of a `ParameterXml` that publishes a row by its id; empty where none does.
    """

    table: str
    set_name: str
    id_column: str
    layered: bool = False
    published_as: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A lookup of a row of ours.

    Attributes:
        column: as reads show it, e.g. `_contextentity_value`.
        set_name: of the table that it points to.
        id: of the row that it points to.
    """

    column: str
    set_name: str
    id: str


@lru_cache(maxsize=4096)
def fixed_id(table: str, name: str) -> str:
    """The id of a row of ours, the same in every environment."""
    return str(uuid5(_IDS, f"{table}/{name}"))


@dataclass(frozen=True, slots=True)
class RowPart(Part):
    """A component that is a row. Kinds of rows say what it holds, and how else than by its id it is found."""

    rows: ClassVar[RowKind]
    #: The solution that writes name; empty for a row of the customer, which must not join ours.
    solution: ClassVar[str] = SOLUTION.name
    #: The columns of `values` and `links` as reads show them, and further ones that a kind looks at.
    select: ClassVar[tuple[str, ...]] = ()

    @property
    def row_id(self) -> str:
        """The id that it is made with; empty where the platform gives one."""
        return fixed_id(self.rows.table, self.name)  # type: ignore[attr-defined]

    @property
    def removal(self) -> Removal:
        """A row of the customer stays, whatever of ours is in it."""
        return super(RowPart, self).removal if self.solution else Removal.STAYS

    @property
    def part_of(self) -> str:
        """Its table, where it is in the solution with a table of ours."""
        if self.component_type is None and self.solution and len(self.publishes) == 1:
            return f"{TablePart.kind} {self.publishes[0]}"
        return ""

    @property
    def condition(self) -> str:
        """The filter by which it is found where no row has its id; empty for none."""
        return ""

    @property
    def texts(self) -> Mapping[str, Text]:
        """The columns that have a text in every language."""
        return {}

    def values(self, target: SetupTarget) -> Mapping[str, object]:  # noqa: ARG002 - for kinds
        """The columns that the manifest decides, and that can be changed."""
        return {}

    @property
    def enabled(self) -> Mapping[str, object]:
        """The columns that say whether it is in use. They are compared and changed; a new row is in use by itself."""
        return {}

    def links(self, target: SetupTarget) -> Mapping[str, Link]:  # noqa: ARG002 - for kinds
        """The lookups that the manifest decides, by navigation property."""
        return {}

    def fixed(self, target: SetupTarget) -> Mapping[str, object]:  # noqa: ARG002 - for kinds
        """What is sent when it is made, and never compared."""
        return {}

    def same(self, column: str, expected: object, found: object) -> bool:  # noqa: ARG002 - for kinds
        """Whether a value is as the manifest says."""
        return expected == found

    def object_id(self, found: Found) -> str:
        """The id of the row."""
        return str(found.get(self.rows.id_column) or "")

    def publications(self, found: Found) -> tuple[Publication, ...]:
        """Its tables, and the row itself where it is published by its id."""
        tables = tuple(Publication(TABLE, name) for name in self.publishes)
        own = self.rows.published_as
        return (*tables, Publication(own, self.object_id(found))) if own else tables

    def read(self, target: SetupTarget) -> Found | None:
        """The row with its unpublished changes, its published layer, and its texts."""
        found = self._find(target)
        if found is None:
            return None
        row: dict[str, object] = dict(found)
        if self.rows.layered:
            published = target.calls.rows(self.query(self.rows.set_name, self.id_condition(self.object_id(found))))
            row[PUBLISHED] = published[0] if published else None
        if self._translated(target):
            row[TEXTS] = {column: self._read_texts(target, self.object_id(found), column) for column in self.texts}
        return row

    def compare(self, found: Found, target: SetupTarget) -> Sequence[PropertyDifference]:
        """Values, lookups and texts; and whether they are published."""
        differences = self._differences(found, target)
        if self._translated(target):
            shown = found.get(TEXTS)
            for column, text in self.texts.items():
                label = {"LocalizedLabels": shown.get(column)} if isinstance(shown, Mapping) else None
                differences += target.languages.differences(column, text, label)
        if self.rows.layered and not differences:
            published = found.get(PUBLISHED)
            if not isinstance(published, Mapping) or self._differences(published, target):
                differences.append(PropertyDifference("published", Sentence("yes"), Sentence("no"), by_publishing=True))
        return differences

    def create(self, target: SetupTarget) -> None:
        """Make it, in the base language; texts in other languages are differences then."""
        body = {**self._base_texts(target), **self.fixed(target), **self.written({}, target), **self._bound(target)}
        if self.row_id:
            body[self.rows.id_column] = self.row_id
        target.calls.post(self.rows.set_name, body, self.solution)

    def change(self, found: Found, differences: Sequence[PropertyDifference], target: SetupTarget) -> None:
        """Write the columns and texts that differ."""
        changed = {each.property.partition(" ")[0] for each in differences}
        candidates = {
            **self._base_texts(target),
            **self.written(found, target),
            **self._bound(target),
            **self.enabled,
        }
        if body := {name: value for name, value in candidates.items() if name.partition("@")[0] in changed}:
            for column in self._translated(target):
                body.pop(column, None)
            if body:
                target.calls.patch(f"{self.rows.set_name}({self.object_id(found)})", body, self.solution)
        for column in self._translated(target):
            if column in changed:
                self._write_texts(target, self.object_id(found), column)

    def remove(self, found: Found, target: SetupTarget) -> None:
        """Delete the row."""
        target.calls.delete(f"{self.rows.set_name}({self.object_id(found)})")

    def written(self, found: Found, target: SetupTarget) -> Mapping[str, object]:  # noqa: ARG002 - for kinds
        """What is written, over an empty row or the one that was found; kinds may keep what customers added to it."""
        return self.values(target)

    def _find(self, target: SetupTarget) -> Found | None:
        source = f"{self.rows.set_name}/{UNPUBLISHED}" if self.rows.layered else self.rows.set_name
        for condition in self.conditions:
            found = target.calls.rows(self.query(source, condition))
            if found:
                return self.chosen(found)
        return None

    def chosen(self, rows: Sequence[Found]) -> Found | None:
        """Which of several rows it is."""
        return rows[0]

    @property
    def conditions(self) -> tuple[str, ...]:
        """The filters by which it is looked for, one after the other."""
        by_id = self.id_condition(self.row_id) if self.row_id else ""
        return tuple(filter(None, (by_id, self.condition)))

    def id_condition(self, row_id: str) -> str:
        """The filter for the row of an id."""
        return f"{self.rows.id_column} eq {row_id}"

    @property
    def columns(self) -> tuple[str, ...]:
        """What is read of it."""
        return tuple(dict.fromkeys((self.rows.id_column, *self.texts, *self.select, *self.enabled)))

    def query(self, source: str, condition: str) -> str:
        """The address of the rows that meet a condition."""
        return f"{source}?$select={','.join(self.columns)}&$filter={quote(condition)}"

    def _differences(self, found: Found, target: SetupTarget) -> list[PropertyDifference]:
        wanted = {**self.values(target), **self.enabled}
        if not self._translated(target):
            wanted |= self._base_texts(target)
        differences = [
            PropertyDifference(column, _shown(value), _shown(found.get(column)))
            for column, value in wanted.items()
            if not self.same(column, value, found.get(column))
        ]
        differences += [
            PropertyDifference(name, link.id, str(found.get(link.column) or ""))
            for name, link in self.links(target).items()
            if str(found.get(link.column) or "").lower() != link.id.lower()
        ]
        return differences

    def _bound(self, target: SetupTarget) -> dict[str, object]:
        return {f"{name}@odata.bind": f"/{each.set_name}({each.id})" for name, each in self.links(target).items()}

    def _base_texts(self, target: SetupTarget) -> dict[str, object]:
        languages = target.languages
        return {column: languages.texts(text)[languages.base] for column, text in self.texts.items()}

    def _translated(self, target: SetupTarget) -> tuple[str, ...]:
        """The columns whose texts are written in several languages; none where there is only one."""
        return tuple(column for column, text in self.texts.items() if len(target.languages.texts(text)) > 1)

    def _read_texts(self, target: SetupTarget, row_id: str, column: str) -> object:
        moniker = quote(f"{{'@odata.id':'{self.rows.set_name}({row_id})'}}")
        call = "RetrieveLocLabels(EntityMoniker=@p1,AttributeName=@p2,IncludeUnpublished=@p3)"
        label = target.calls.get(f"{call}?@p1={moniker}&@p2='{column}'&@p3=true").get("Label")
        return label.get("LocalizedLabels") if isinstance(label, Mapping) else None

    def _write_texts(self, target: SetupTarget, row_id: str, column: str) -> None:
        texts = target.languages.texts(self.texts[column])
        body = {
            "EntityMoniker": {
                "@odata.type": f"Microsoft.Dynamics.CRM.{self.rows.table}",
                self.rows.id_column: row_id,
            },
            "AttributeName": column,
            "Labels": [{"Label": text, "LanguageCode": language} for language, text in texts.items()],
        }
        target.calls.act("SetLocLabels", body)


def _shown(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= _SHOWN else Sentence("{number} characters", number=len(text))
