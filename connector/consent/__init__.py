"""Who may be mailed: one decision from values, the only place that knows the rules. No calls, no clock.

Facts ─► `decide` ─► Decision ─► `objection` (may this job go on?)
                         └─────► `Decision.by_bit` (which permissions are on or off in Spotler?)
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
from connector.consent.intent import Intent, objection
from connector.consent.permissions import Item, Switches, Verdict
from connector.consent.reasons import Reason

__all__ = [
    "ConsentSource",
    "Decision",
    "Facts",
    "Fate",
    "Intent",
    "Item",
    "PermissionReport",
    "PermissionRow",
    "Presence",
    "Reason",
    "SpotlerReport",
    "State",
    "Switches",
    "Verdict",
    "decide",
    "objection",
]
