"""The bar above the columns: the simulated time, and the faults that are armed."""

from datetime import datetime
from typing import Any

from sandbox.console.state import State
from sandbox.console.system_acts import FAULTS
from sandbox.console.systems import Systems


def top(systems: Systems, _: State) -> dict[str, Any]:
    """Time, and faults."""
    now = datetime.fromisoformat(systems.dataverse.get("revision")["now"])
    return {"now": now.strftime("%a %d %b %Y %H:%M"), "faults": FAULTS, "armed": _armed(systems)}


def _armed(systems: Systems) -> list[str]:
    """What is armed, in words; what was armed twice is said once."""
    armed = []
    refused = 0
    for fault in systems.spotler.get("faults")["faults"]:
        if fault["count"] is None:
            armed.append("Spotler does not work")
        else:
            refused += fault["count"] - fault["struck"]
    if refused:
        armed.append(f"Spotler refuses {_counted(refused, 'more call')}")
    if latency := systems.spotler.get("settings")["latency_ms"]:
        armed.append(f"Spotler takes {latency / 1000:.1f} s per call")
    armed += ["Dataverse does not work" for rule in systems.dataverse.get("faults") if rule["count"] != 0]
    if lost := systems.dataverse.post("steps")["drop_next"]:
        armed.append(f"{_counted(lost, 'message')} of Dataverse will be lost")
    return list(dict.fromkeys(armed))


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
