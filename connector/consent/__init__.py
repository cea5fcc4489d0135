"""Who may be mailed: one decision from values, the only place that knows the rules. No calls, no clock.

Facts ─► `decide` ─► Decision ─► `objection` (may this job go on?)
                         └─────► `Decision.by_bit` (which permissions are on or off in Spotler?)

A contact in Spotler ─► `report` (what is new of it?) ─► Facts          what was switched, and why ─► `Change`
"""

from connector.consent.decision import Decision, Fate, decide
from connector.consent.facts import (
    ConsentSource,
    Facts,
    PermissionReport,
    PermissionRow,
    Presence,
    SpotlerReport,
    State,
)
from connector.consent.history import Change, Latest
from connector.consent.intent import Intent, objection
from connector.consent.permissions import Item, Switches, Verdict
from connector.consent.reasons import Reason
from connector.consent.reported import KnownState, ShownContact, contradicts, known_after, report

__all__ = [
    "Change",
    "ConsentSource",
    "Decision",
    "Facts",
    "Fate",
    "Intent",
    "Item",
    "KnownState",
    "Latest",
    "PermissionReport",
    "PermissionRow",
    "Presence",
    "Reason",
    "ShownContact",
    "SpotlerReport",
    "State",
    "Switches",
    "Verdict",
    "contradicts",
    "decide",
    "known_after",
    "objection",
    "report",
]
