"""One value of a record on its way to one Spotler field."""

from dataclasses import dataclass

from connector.dataverse.api.rows import Row
from connector.mapping.draft import SET, Draft
from connector.mapping.sources import Source
from connector.words import Sentence


@dataclass(frozen=True, slots=True)
class FieldStep:
    """Where a value comes from and which field it goes to.

    Attributes:
        field: the internal name of the field.
        item: the one item of a list field; empty for the whole field.
        items: the items of a list field that may be touched; empty for all.
        column: what warnings call the place of the value.
        source: reads the value.
    """

    field: str
    item: str
    items: tuple[str, ...]
    column: str
    source: Source

    def take(self, record: Row, draft: Draft) -> None:
        """Put the value into the contact, or a warning where that is not possible.

        Raises:
            Invalid: it is the address of the contact, and has an invisible character in it.
        """
        field = draft.find(self.field)
        if field is None:
            return
        cell = self.source.read(record)
        if cell is None:
            draft.warn(
                Sentence(
                    "The column {column} was not read with the record, so {name} was left out.",
                    column=self.column,
                    name=field.label,
                )
            )
        elif self.item and field.type == SET:
            draft.put_item(field, self.item, self.column, cell)
        elif self.item:
            draft.warn(
                Sentence(
                    "The field {name} is not a list field, so its item {item} was not sent.",
                    name=field.label,
                    item=self.item,
                )
            )
        elif field.type == SET:
            draft.put_labels(field, self.items, self.column, cell)
        else:
            draft.put(field, self.column, cell)
