"""What a tester and an operator do: faults, the clock, timers, the engine, replays, commands."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from azure.servicebus import ServiceBusClient, ServiceBusMessage

from sandbox.console import commands
from sandbox.console.acts import Act, Entered, Notice
from sandbox.console.formats import words
from sandbox.console.systems import LONG_TIMEOUT, Systems

#: How slow "slow" is, in milliseconds per call.
SLOW_MS: Final = 1500
#: Calls that "429" refuses.
THROTTLED_CALLS: Final = 5


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that a button arms."""

    label: str
    told: str
    arm: Callable[[Systems], Any]


FAULTS: Final[Mapping[str, Fault]] = {
    "spotler-429": Fault(
        "Spotler: 429",
        f"Spotler refuses the next {THROTTLED_CALLS} calls with status 429.",
        lambda systems: systems.spotler.post(
            "faults", {"faults": [{"kind": "throttle", "count": THROTTLED_CALLS, "retry_after_s": 1}]}
        ),
    ),
    "spotler-outage": Fault(
        "Spotler: outage",
        "Spotler answers every call with a page and status 503, until the faults are ended.",
        lambda systems: systems.spotler.post("faults", {"faults": [{"kind": "html", "count": None}]}),
    ),
    "dataverse-outage": Fault(
        "Dataverse: outage",
        "Dataverse answers everybody with status 503, until the faults are ended.",
        lambda systems: systems.dataverse.post("faults", {"kind": "503"}),
    ),
    "lost-message": Fault(
        "Lose a message",
        "The next message of Dataverse is lost on its way.",
        lambda systems: systems.dataverse.post("steps", {"drop_next": 1}),
    ),
    "slow": Fault(
        "Slow",
        f"Spotler takes {SLOW_MS / 1000} seconds for every call, until the faults are ended.",
        lambda systems: systems.spotler.post("settings", {"latency_ms": SLOW_MS}),
    ),
}
#: Commands that a button may run; nothing else is.
COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "plan": ("plan",),
    "doctor": ("doctor",),
    "job list": ("job", "list"),
    "quarantine list": ("quarantine", "list"),
    "dead-letters list": ("dead-letters", "list"),
}
#: Seconds that a replay waits for what becomes of the message.
REPLAY_WAIT: Final = "5"


def arm(systems: Systems, entered: Entered) -> Notice:
    """Let something go wrong."""
    fault = FAULTS[entered["fault"]]
    fault.arm(systems)
    return Notice(fault.told)


def calm(systems: Systems, _: Entered) -> Notice:
    """End all faults."""
    systems.spotler.delete("faults")
    systems.spotler.post("settings", {"latency_ms": 0})
    systems.dataverse.delete("faults")
    systems.dataverse.post("steps", {"drop_next": 0})
    return Notice("All faults have ended.")


def kill(systems: Systems, _: Entered) -> Notice:
    """Kill the engine, as a crash would."""
    killed = systems.functions.post("engines/kill")["pids"]
    if not killed:
        return Notice("No engine runs at the moment: it is being started.", "calm")
    return Notice(f"The engine was killed (process {', '.join(map(str, killed))}). It is started again.")


def move_clock(systems: Systems, entered: Entered) -> Notice:
    """Move the simulated clock of both stand-ins."""
    seconds = float(entered["seconds"])
    systems.dataverse.post("clock", {"move_seconds": seconds})
    now = systems.spotler.post("clock", {"advance_s": seconds})["now"]
    return Notice(f"It is {now[:10]} {now[11:16]} UTC now in Dataverse and in Spotler.")


def run_timer(systems: Systems, entered: Entered) -> Notice:
    """Run a timer of the functions now."""
    name = entered["timer"]
    outcome = systems.functions.post(f"run-timer/{name}", seconds=LONG_TIMEOUT)
    if outcome["succeeded"]:
        return Notice(f"{words(name)} has run.", go={"t": name})
    return Notice(f"{words(name)} failed: {outcome['error']}", "bad", go={"t": name})


def command(systems: Systems, entered: Entered) -> Notice:
    """Run a command of the connector that changes nothing."""
    return commands.run(systems, *COMMANDS[entered["command"]])


def plan(systems: Systems, entered: Entered) -> Notice:
    """Plan a sync of everything, or of one record, and keep the plan for `apply-plan`."""
    table, _, record = entered.get("record", "").partition(":")
    only = ("--table", table, "--filter", f"{table}id eq {record}") if record else ()
    return commands.run(systems, "plan", *only, "--out", str(_plan(systems)))


def apply_plan(systems: Systems, _: Entered) -> Notice:
    """Do what the plan says."""
    file = _plan(systems)
    if not file.exists():
        return Notice("There is no plan yet. Make one first.", "bad")
    return commands.run(systems, "plan", "apply", str(file))


def retry(systems: Systems, entered: Entered) -> Notice:
    """Set a Failed job back to Queued."""
    return commands.run(systems, "job", "retry", entered["job"], "--wait", REPLAY_WAIT)


def explain(systems: Systems, entered: Entered) -> Notice:
    """Everything that is known about a job."""
    log = str(Path(systems.addresses.folder) / "functions.log")
    return commands.run(systems, "job", "explain", entered["job"], "--log", log)


def replay(systems: Systems, entered: Entered) -> Notice:
    """Send a message to where it came from."""
    where = "dead-letters" if "/" in entered["message"] else "quarantine"
    return commands.run(systems, where, "replay", entered["message"], "--wait", REPLAY_WAIT)


def unreadable(systems: Systems, _: Entered) -> Notice:
    """Post a message that nobody can read, as a wrong program might."""
    with (
        ServiceBusClient.from_connection_string(systems.addresses.bus_connection) as client,
        client.get_queue_sender("dataverse") as sender,
    ):
        sender.send_messages(ServiceBusMessage(b"This is no JSON."))
    return Notice("A message that is no JSON was posted to the queue dataverse.", go={"b": "quarantine"})


ACTS: Final[Mapping[str, Act]] = {
    "arm": arm,
    "calm": calm,
    "kill": kill,
    "move-clock": move_clock,
    "run-timer": run_timer,
    "command": command,
    "plan": plan,
    "apply-plan": apply_plan,
    "retry": retry,
    "explain": explain,
    "replay": replay,
    "unreadable": unreadable,
}


def _plan(systems: Systems) -> Path:
    return Path(systems.addresses.folder).absolute() / "console.plan"
