"""Who calls: users, their roles, and what a single request says about itself."""

from dataclasses import dataclass, field
from uuid import uuid4

from sandbox.dataverse.roles import Role


@dataclass(frozen=True, slots=True)
class User:
    """A row of `systemuser` that may sign in.

    Attributes:
        id: the `systemuserid`.
        name: the full name.
        role: what it may do.
        application_id: the client id, for an application user.
        object_id: the id in Entra.
    """

    id: str
    name: str
    role: Role
    application_id: str
    object_id: str


@dataclass(frozen=True, slots=True)
class Caller:
    """The user of one request, and what the request wants its messages to carry.

    Attributes:
        user: on whose behalf the request runs.
        initiating: who sent it; differs from `user` when impersonating.
        tag: the text of `?tag=`, visible to plug-ins and in messages.
        bypass_async: whether asynchronous steps stay silent.
        user_agent: the header, as messages show it.
        correlation_id: shared by everything that one HTTP request causes.
        request_id: the id of the single request.
        solution: the solution that it names (`MSCRM.SolutionUniqueName`).
    """

    user: User
    initiating: User
    tag: str | None = None
    bypass_async: bool = False
    user_agent: str = ""
    correlation_id: str = ""
    request_id: str = field(default_factory=lambda: str(uuid4()))
    solution: str = ""
