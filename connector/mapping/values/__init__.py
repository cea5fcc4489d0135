"""The one table of conversions: from a value of Dataverse, or a text that somebody typed, to a value of Spotler.

    to_wire(kind, cell, zone)     a value as it goes over the wire, for the sync
    typed(kind, text, zone)       the same for the field value of a job; an item of a list field is on or off

| Spotler type | accepts | becomes |
|---|---|---|
| string, email, mobNr, postcode | text; choice: its label; yes/no: `true`, `false`; whole number: its digits | `str` |
| gender | choice `gendercode`; m, man, male, v, f, vrouw, female | `M`, `F`; another choice: nothing |
| int | whole number, or a text that is one | `int` |
| money | number, or a text that is one, with or without € | `Decimal` with two decimals |
| date, birthdate | date, date-time, or a text that is one | `date`, in the configured time zone |
| dateTime | date, date-time, or a text that is one | `datetime` in UTC |
| set | item: yes/no or a word for it; whole list: labels of choices | `bool`; labels |

The way back into columns is in `into_columns`.

Everything that is not accepted raises `Invalid`: the sync leaves it out with a warning, a job is refused. Sentences
never quote a value. An empty value clears the field.
"""

from connector.mapping.values.cells import Cell
from connector.mapping.values.convert import convert, to_wire, typed
from connector.mapping.values.labels import chosen_labels
from connector.mapping.values.matching import equals
from connector.mapping.values.words import to_yes_no

__all__ = ["Cell", "chosen_labels", "convert", "equals", "to_wire", "to_yes_no", "typed"]
