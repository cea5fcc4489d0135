"""Why a marketing list cannot be synced."""

from connector.errors import Refused, Transient


class ListQueryNotValid(Refused):
    """The query of the marketing list is not FetchXML for the members of the list."""

    code = "LIST_QUERY_NOT_VALID"
    advice = "Open the list in Dynamics, edit and save its query, then choose Retry."


class ListQueryNotSupported(Refused):
    """The query of the marketing list has something that cannot be synced."""

    code = "LIST_QUERY_NOT_SUPPORTED"
    advice = "Change the query of the list, or copy the list to a static one, then choose Retry."


class ListReadIncomplete(Refused):
    """Dataverse did not give all members of the marketing list, so nothing was changed."""

    code = "LIST_READ_INCOMPLETE"
    advice = "Simplify the query of the list, or copy the list to a static one, then choose Retry."


class ListNameInUse(Refused):
    """Spotler has another audience with the name of the marketing list, or no room for another audience."""

    code = "NAME_ALREADY_IN_USE"
    advice = "Rename the marketing list or the audience, or delete unused audiences, then choose Retry."


class ListStateLost(Transient):
    """A stored value of the run over the marketing list is lost; the list is read again."""

    code = "LIST_STATE_LOST"


class AudienceGone(Transient):
    """The audience was deleted in Spotler while the list was synced; it is made again."""

    code = "AUDIENCE_GONE"
