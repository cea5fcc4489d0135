"""The brake for marketing lists: people leave an audience all together, or, beyond the share, once a person approves.

Counted are the people who left the audience of one list within a day. A broken query, time zone or right to read looks
exactly like a list that most people have left, so all of them stay in the audience until somebody has looked. What a
person approves lets as many go as the plan had, and the share beside them: a list that broke since is held again.
"""

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from connector import telemetry
from connector.dataverse.records import RecordRef
from connector.services import Services
from connector.state import StateConflict, stored_moment
from connector.sync.brake.brake import BRAKE_HOLDS, PLANS, TRIES, WINDOW, BrakeCount, mark
from connector.words import marked

log = logging.getLogger(__name__)

#: The causes, as people read them.
LEAVES: Final = marked("leaves the audience of a marketing list")
EMPTIED: Final = marked("the audience of a marketing list is emptied and filled again")


class ListBrake:
    """Decides whether people may leave the audience of a list."""

    def __init__(self, services: Services, list_id: str) -> None:
        self._services = services
        self._list = list_id
        self._name = f"brake/list-{list_id}"

    def held(self, leaving: Iterable[RecordRef], *, count: int, total: int, cause: str = LEAVES) -> str:
        """The plan that holds them back; empty where they may go.

        Args:
            leaving: who.
            count: how many these are.
            total: how many the audience has.
            cause: as people read it.

        Raises:
            Transient, Misconfigured: the state cannot be used now.
        """
        settings = self._services.settings
        if not count or settings.brake_share >= 1:
            return ""
        most = max(settings.brake_least, int(settings.brake_share * total))
        marks = {mark(ref) for _, ref in zip(range(2 * most + 1), leaving, strict=False)}
        for _ in range(TRIES):
            stored = self._services.state.read(self._name)
            before = BrakeCount.parse(self._name, stored.value) if stored else BrakeCount(self._services.now())
            if before.approved and count <= before.total + most:
                return ""
            after = self._counted(replace(before, approved=False), marks, most, count=count)
            if after.plan:
                self._keep(after.plan, count, cause)
            try:
                if after != before or stored is None:
                    self._services.state.write(self._name, after.value, version=stored.version if stored else None)
            except StateConflict:
                continue
            if before.plan and not after.plan:
                self._services.state.delete(f"{PLANS}/{before.plan}")
            if after.plan and after.plan != before.plan:
                self._announce(after.plan, count, total)
            return after.plan
        raise StateConflict

    def settle(self) -> None:
        """They have left: what a person approved holds for these, and for nobody else."""
        stored = self._services.state.read(self._name)
        if stored is not None and BrakeCount.parse(self._name, stored.value).approved:
            self._services.state.delete(self._name)

    def forget(self) -> None:
        """The list has no audience any more."""
        stored = self._services.state.read(self._name)
        if stored is not None and (plan := BrakeCount.parse(self._name, stored.value).plan):
            self._services.state.delete(f"{PLANS}/{plan}")
        self._services.state.delete(self._name)

    def _counted(self, before: BrakeCount, marks: Iterable[str], most: int, *, count: int) -> BrakeCount:
        """The count after these; with a plan, and their number as its total, if there are too many."""
        now = self._services.now()
        if abs(now - before.since) >= WINDOW:
            before = replace(before, since=now, passed=frozenset())
        fresh = frozenset(marks) - before.passed
        if len(fresh) <= most - len(before.passed) and count <= 2 * most:
            return replace(before, total=0, passed=before.passed | fresh, plan="")
        name = hashlib.sha256(self._name.encode()).hexdigest()[:6]
        return replace(before, total=count, plan=before.plan or f"{now:%Y%m%dt%H%M%S}-{name}")

    def _keep(self, plan: str, count: int, cause: str) -> None:
        """The newest run says how many are held."""
        name = f"{PLANS}/{plan}"
        stored = self._services.state.read(name)
        made_on = (_made_on(stored.value.get("made_on")) if stored else None) or self._services.now()
        value = {
            "made_on": made_on.isoformat(),
            "mapping": "",
            "count": self._name,
            "list": self._list,
            "held": {cause: count},
        }
        if stored is None or stored.value != value:
            self._services.state.write(name, value, version=stored.version if stored else None)

    def _announce(self, plan: str, count: int, total: int) -> None:
        text = (
            f"The brake holds back that {count} people leave the audience of the marketing list {self._list}, which has"
            f" {total}. Look at plan {plan} with plan list."
        )
        log.error("%s", text, extra=telemetry.fields(operation="brake", code=BRAKE_HOLDS, count=count))


def _made_on(value: object) -> datetime | None:
    """When a plan was made; None where somebody has made that unreadable."""
    try:
        return stored_moment(value)
    except ValueError:
        return None
