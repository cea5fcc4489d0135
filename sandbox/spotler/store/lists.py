"""Audiences (dynamic lists that other systems fill) and temporary lists."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True, kw_only=True)
class Audience:
    """An audience; `members` are keys of contacts, `in_use` protects it from deletion."""

    external_id: str
    name: str
    description: str | None
    created: datetime
    changed: datetime
    last_added: datetime | None = None
    last_removed: datetime | None = None
    in_use: bool = False
    members: set[int] = field(default_factory=set)


@dataclass(slots=True, kw_only=True)
class TemporaryList:
    """A static list; only those made through the API have an external id."""

    external_id: str | None
    name: str
    created: datetime
    type: str = "API"
    in_use: bool = False
    members: set[int] = field(default_factory=set)
