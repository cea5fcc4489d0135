"""What can be set about the stand-in: the account it plays, and the rules nobody has confirmed."""

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

#: Types of visitors by their names in the API. Which an account lists is not published.
TYPES = (
    "Lead",
    "Qualified",
    "Customer",
    "Competitor",
    "Partner",
    "Supplier",
    "Isp",
    "ContactLead",
    "Custom1",
    "Custom2",
    "Custom3",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadsSettings:
    """The whole of it. Times in seconds."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    client_id: str = "sandboxleads"
    client_secret: str = "sandboxleadssecret"  # noqa: S105 - an invented account
    username: str = "connector@leads.example"
    password: str = "sandboxpassword"  # noqa: S105
    account: str = "11111111-1111-4111-8111-111111111111"
    token_seconds: int = 3600
    types: tuple[str, ...] = TYPES
    #: The highest api-version that is served; contact details need 2.
    newest_version: int = 2
    #: The most entries of one page and of one block: not published.
    most: int = 1000
    #: How long a block that was handed out and not acknowledged is kept back, before it is handed out again.
    hand_out_again_s: int = 300
    latency_ms: float = 0
