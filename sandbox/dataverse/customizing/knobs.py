"""What tests can make of an environment that is being customised; all times run on the clock of the stand-in.

The defaults settle everything at once. `SLOW` has the times that public clients measured.
"""

from dataclasses import dataclass, field, fields
from typing import Final


@dataclass(slots=True)
class Knobs:
    """How an environment behaves towards customisations.

    Attributes:
        languages: the provisioned languages, the base language first.
        definition_seconds: a new table is not found without `Consistency: Strong` for so long.
        write_seconds: writes to the definition of a new table fail with `0x80040216` for so long.
        set_seconds: the entity set of a new table, and its message filters, appear after so long.
        column_seconds: rows can be read and written by a new column after so long.
        attributes_seconds: the list of columns of a new table answers 500 for so long, and until it was published.
        key_seconds: how long the index of an alternate key is built.
        export_seconds: how long an asynchronous export takes.
        import_seconds: how long an asynchronous import takes, which locks all customisations.
        privilege_lag: this many requests after a change of roles are still checked against the rights of before.
        hidden_dependants: this many dependants are missing from `RetrieveDependenciesForDelete`.
        plain_app_names: whether the prefix of the publisher is not put in front of the unique name of an app.
        app_names_stay: whether the unique name of an app stays taken when the app is deleted.
        tables_in_apps: whether `AddAppComponents` takes tables, and does not pass them over.
    """

    languages: list[int] = field(default_factory=lambda: [1033, 1043])
    definition_seconds: float = 0.0
    write_seconds: float = 0.0
    set_seconds: float = 0.0
    column_seconds: float = 0.0
    attributes_seconds: float = 0.0
    key_seconds: float = 0.0
    export_seconds: float = 0.0
    import_seconds: float = 0.0
    privilege_lag: int = 0
    hidden_dependants: int = 0
    plain_app_names: bool = False
    app_names_stay: bool = False
    tables_in_apps: bool = False

    def take(self, other: "Knobs") -> None:
        """Have the values of another set."""
        for each in fields(other):
            value = getattr(other, each.name)
            setattr(self, each.name, list(value) if isinstance(value, list) else value)


#: What clients meet in a real environment.
SLOW: Final = Knobs(
    definition_seconds=15.0,
    write_seconds=4.0,
    set_seconds=10.0,
    column_seconds=20.0,
    attributes_seconds=30.0,
    key_seconds=5.0,
    export_seconds=20.0,
    import_seconds=60.0,
    privilege_lag=1,
)
