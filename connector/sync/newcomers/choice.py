"""Which contacts of Spotler are new subscribers, and the words in which the log counts what became of them."""

from typing import Final

from connector.settings import Settings
from connector.spotler import SpotlerContact
from connector.words import marked

#: The channel through which mail goes.
EMAIL_CHANNEL: Final = "EMAIL"

OFF: Final = marked("left alone: new subscribers are switched off")
OTHER_SYSTEM: Final = marked("left alone: of another system")
TEMPORARY: Final = marked("left alone: temporary")
TEST_GROUP: Final = marked("left alone: of the test group")
UNREACHABLE: Final = marked("left alone: cannot be reached by e-mail")
NO_ADDRESS: Final = marked("left alone: no usable address")
MOVED: Final = marked("left alone: the address changed meanwhile")
DEACTIVATED: Final = marked("left alone: their row was deactivated")
KEPT_OUT: Final = marked("left alone: the record may not be in Spotler")
FAILED: Final = marked("failed")
CREATED: Final = marked("created")
FOUND: Final = marked("found")
OTHERS: Final = marked("other rows that match too")
NOT_WRITTEN: Final = marked("values not written")


def why_not(contact: SpotlerContact, settings: Settings) -> str:
    """Why a contact is not taken as a new subscriber; empty if it is.

    Whoever opted out, complained or bounced is none: as soon as mail can be sent again, the contact changes.
    """
    if contact.external_id:
        return OTHER_SYSTEM
    if contact.temporary:
        return TEMPORARY
    if contact.test_group and not settings.new_subscriber_test_contacts:
        return TEST_GROUP
    if not contact.email:
        return NO_ADDRESS
    return UNREACHABLE if contact.channels.get(EMAIL_CHANNEL) is False else ""
