"""What people do in their mail, and a user of Mail+ in the account: through the side door, because no API has these."""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.console.acts import Act, Entered, Notice
from sandbox.console.systems import Systems

_DONE: Final = {
    "sent": "The mailing was sent.",
    "open": "The mailing was opened.",
    "click": "The link was clicked.",
    "unsubscribe": "The person has unsubscribed.",
    "complaint": "The person has reported spam.",
    "bounce": "The mailing has bounced.",
}
#: What people can change on their profile page.
PROFILE: Final = ("firstName", "lastName", "city")
#: Ids of the seeded form; see `sandbox.spotler.seed`.
_FORM: Final = {"form": 7, "email": 1, "firstName": 2}


def emit(systems: Systems, entered: Entered) -> Notice:
    """Act as the recipient."""
    kind = entered["type"]
    event: dict[str, Any] = {"type": kind, "encryptedId": entered["contact"]}
    if entered.get("mailing"):
        event["mailing"] = entered["mailing"]
    if kind == "unsubscribe" and entered.get("left") is not None:
        event["permissions"] = [int(bit) for bit in entered["left"].split(",") if bit]
    if kind == "bounce":
        event["hard"] = entered.get("hard") == "1"
    systems.spotler.post("events", {"events": [event]})
    return Notice(_DONE[kind])


def change_profile(systems: Systems, entered: Entered) -> Notice:
    """Save the profile page, as the recipient; what is left empty is emptied."""
    properties = {name: entered[name].strip() for name in PROFILE}
    event = {"type": "profile", "encryptedId": entered["contact"], "properties": properties}
    systems.spotler.post("events", {"events": [event]})
    return Notice("The person has changed the profile.")


def subscribe(systems: Systems, entered: Entered) -> Notice:
    """Fill in the sign-up form of the website, as somebody whom nobody knows yet."""
    answers = {_FORM["email"]: entered["email"], _FORM["firstName"]: entered["firstName"]}
    event = {"type": "form", "form": _FORM["form"], "answers": answers, "permissions": [1]}
    systems.spotler.post("events", {"events": [event]})
    return Notice(f"{entered['firstName']} has signed up for the newsletter.", go={"s": "contacts"})


def switch_automation(systems: Systems, entered: Entered) -> Notice:
    """Publish an automation, or stop it."""
    on = entered["on"] == "1"
    systems.spotler.post("automations/active", {"automationId": entered["automation"], "active": on})
    return Notice("The automation is active." if on else "The automation is inactive.")


ACTS: Final[Mapping[str, Act]] = {
    "emit": emit,
    "change-profile": change_profile,
    "subscribe": subscribe,
    "switch-automation": switch_automation,
}
