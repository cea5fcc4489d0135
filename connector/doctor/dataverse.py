"""Checks of the connection to Dataverse. Tables, columns, rights and steps belong to the set-up of an environment."""

from typing import Final

from connector.doctor.context import CheckContext
from connector.doctor.model import CheckGroup, CheckMaker, Diagnosis, Reach, failed, ok, warning
from connector.words import Sentence

#: What Dataverse says about its limits with each answer: requests left in five minutes, of this many.
REMAINING: Final = "x-ms-ratelimit-burst-remaining-xrm-requests"
BURST: Final = 6000
#: Below this share, other users of the same account or the connector itself use up the budget.
SHARE: Final = 0.1


def _token(context: CheckContext) -> Diagnosis:
    from connector.dataverse.api.tokens import tokens_from  # noqa: PLC0415 - heavy, loaded when used

    tokens_from(context.settings).get_token(f"{context.settings.dataverse_url}/.default")
    return ok("The identity service gives a token for Dataverse.")


def _user(context: CheckContext) -> Diagnosis:
    found = str(context.dataverse.who_am_i()["UserId"]).lower()
    named = (context.settings.dataverse_user_id or "").lower()
    if named == found:
        return ok("Dataverse knows the application user, and DATAVERSE_USER_ID names it.")
    return failed(
        "DATAVERSE_USER_ID names another user: the connector would take its own writes for those of people."
        if named
        else "DATAVERSE_USER_ID is not set: the connector would take its own writes for those of people.",
        Sentence("Set DATAVERSE_USER_ID to {found}.", found=found),
    )


def _limits(context: CheckContext) -> Diagnosis:
    answer = context.dataverse.request("GET", "WhoAmI", route="WhoAmI", repeatable=True)
    text = answer.headers.get(REMAINING, "")
    if not text.isdigit():
        return ok("Dataverse says nothing about its limits.")
    share = int(text) / BURST
    if share < SHARE:
        return warning(
            Sentence(
                "Only {share} of the requests of five minutes are left to the application user.", share=f"{share:.0%}"
            ),
            "Lower DATAVERSE_PARALLEL, or the number of instances; see whether others use the same user.",
        )
    return ok("The application user is far from the limits of Dataverse.")


_check: Final = CheckMaker(CheckGroup.DATAVERSE, Reach.SYSTEMS)

CHECKS: Final = (
    _check("DATAVERSE_TOKEN", "the sign-in of the application user", _token, "SETTINGS_VALID"),
    _check("DATAVERSE_USER", "WhoAmI, and DATAVERSE_USER_ID", _user, "DATAVERSE_TOKEN"),
    _check("DATAVERSE_LIMITS", "what is left of the requests of five minutes", _limits, "DATAVERSE_TOKEN"),
)
