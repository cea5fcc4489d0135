"""A sign-in that Dataverse does not accept: a token that it refuses, and an application without a user."""

from typing import Final

from connector.errors import Misconfigured
from connector.words import Sentence, marked

_CHECK_USER: Final = marked(
    "Check that DATAVERSE_CLIENT_ID is an active application user of the environment DATAVERSE_URL."
)
_MAKE_USER: Final = marked(
    "Make it an application user of the environment, with a role for the tables of the connector."
)


def refused_token(call: str) -> Misconfigured:
    """The error for a token that was refused, and a fresh one too."""
    sentence = Sentence("Dataverse refused the token for {call}, and a fresh one too.", call=call)
    return Misconfigured(sentence, advice=_CHECK_USER)


def without_user(call: str, code: str) -> Misconfigured:
    """The error for a good token of somebody who has no user in the environment."""
    sentence = Sentence(
        "The application DATAVERSE_CLIENT_ID has no user in the environment of {call} ({code}).", call=call, code=code
    )
    return Misconfigured(sentence, advice=_MAKE_USER)


def is_refused_sign_in(error: Misconfigured) -> bool:
    """Whether an error is one of these."""
    return error.what_to_do in (_CHECK_USER, _MAKE_USER)
