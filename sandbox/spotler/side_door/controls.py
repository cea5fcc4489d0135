"""What the side door can do to the stand-in as a whole, and what it can see of its traffic."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.alias_generators import to_camel

from sandbox.spotler.app import Sandbox
from sandbox.spotler.faults import Fault
from sandbox.spotler.settings import Settings

_SETTINGS = TypeAdapter(Settings)
_CHANGES = TypeAdapter(dict[str, object])


class ClockChange(BaseModel):
    """What to do with the clock; several parts apply in this order."""

    model_config = ConfigDict(extra="forbid")

    set: datetime | None = None
    advance_s: float = 0
    stopped: bool | None = None


class FaultsToArm(BaseModel):
    """Faults to add; with `replace` those armed before are forgotten."""

    model_config = ConfigDict(extra="forbid")

    faults: list[Fault]
    replace: bool = False


class AutomationSwitch(BaseModel):
    """Which automation is to be active or not."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)

    automation_id: str
    active: bool


class CallsToRelease(BaseModel):
    """Held calls by their ids; none given: all of them."""

    model_config = ConfigDict(extra="forbid")

    ids: list[int] | None = None


@dataclass(frozen=True, slots=True)
class Controls:
    """Takes bodies of JSON, gives values that can become JSON. Raises `ValueError` for wrong input."""

    sandbox: Sandbox

    def reset(self, _body: bytes) -> object:
        """Back to how it was started: state, settings, clock, faults, journal and counts."""
        self.sandbox.reset()
        return {"reset": True}

    def settings(self) -> object:
        """The settings as they are."""
        return _SETTINGS.dump_python(self.sandbox.settings, mode="json")

    def change_settings(self, body: bytes) -> object:
        """Change the settings that are named; of `extensions` only the switches that are named."""
        changes = _CHANGES.validate_json(body)
        before = asdict(self.sandbox.settings)
        if isinstance(switches := changes.get("extensions"), dict):
            changes["extensions"] = before["extensions"] | switches
        self.sandbox.use(_SETTINGS.validate_python(before | changes))
        return self.settings()

    def move_clock(self, body: bytes) -> object:
        """Set, move, stop or start the clock; the time it then shows."""
        change = ClockChange.model_validate_json(body)
        clock = self.sandbox.world.clock
        if change.set is not None:
            if change.set.tzinfo is None:
                raise ValueError("set needs an offset")
            clock.set(change.set)
        if change.advance_s:
            clock.advance(timedelta(seconds=change.advance_s))
        if change.stopped is not None:
            (clock.stop if change.stopped else clock.run)()
        return {"now": clock.now().isoformat(timespec="milliseconds")}

    def switch_automation(self, body: bytes) -> object:
        """Publish an automation or stop it, as a user of Mail+ can."""
        wanted, automations = AutomationSwitch.model_validate_json(body), self.sandbox.world.automations
        if (automation := automations.get(wanted.automation_id)) is None:
            raise ValueError(f"automation {wanted.automation_id} is unknown")
        automations[wanted.automation_id] = replace(automation, active=wanted.active)
        return {"active": wanted.active}

    def faults(self) -> object:
        """What is armed, and how often each has applied."""
        return {"faults": [asdict(fault) for fault in self.sandbox.faults.armed]}

    def arm(self, body: bytes) -> object:
        """Add faults."""
        wanted = FaultsToArm.model_validate_json(body)
        for fault in wanted.faults:
            self.sandbox.router.matching(fault.route)
        if wanted.replace:
            self.sandbox.faults.armed.clear()
        self.sandbox.faults.armed.extend(wanted.faults)
        return self.faults()

    def disarm(self, _body: bytes) -> object:
        """Forget all faults."""
        self.sandbox.faults.armed.clear()
        return self.faults()

    def held(self) -> object:
        """The calls that wait to be carried out."""
        return [call.shown() for call in self.sandbox.held.waiting]

    def release(self, body: bytes) -> object:
        """Carry held calls out."""
        return {"released": self.sandbox.held.release(CallsToRelease.model_validate_json(body).ids)}

    def revision(self) -> object:
        """A text that changes with everything that happens, and what time it is."""
        world, faults = self.sandbox.world, self.sandbox.faults.armed
        happened = [
            len(world.journal.entries),
            world.log.next_id(),
            self.sandbox.traffic.counts.total(),
            world.clock.offset,
            [fault.struck for fault in faults],
            [each.active for each in world.automations.values()],
            self.sandbox.settings.latency_ms,
        ]
        return {"revision": str(happened), "now": world.clock.now().isoformat(timespec="milliseconds")}

    def journal(self) -> object:
        """Every effect, oldest first."""
        return [entry.shown() for entry in self.sandbox.world.journal.entries]

    def calls(self) -> object:
        """Calls by method, route and status, and in total; a dropped connection has the status 0."""
        return self.sandbox.traffic.shown()

    def requests(self) -> object:
        """The latest requests with the fate of their signatures."""
        return [each.shown() for each in self.sandbox.traffic.recent]
