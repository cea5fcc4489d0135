"""Posts on the timeline of a record: users see there what a job changed in Spotler, without the values of fields.

Sync Contact posts nothing, because every save of a record would. Posts are a courtesy: one that cannot be written is
logged and fails no job.
"""

import logging
from collections.abc import Iterable

from connector import telemetry
from connector.dataverse.api import BatchRequest, bind
from connector.dataverse.names import Post
from connector.dataverse.records import RECORD_TABLES, RecordRef
from connector.dataverse.texts import cut
from connector.errors import ConnectorError
from connector.services import Services

log = logging.getLogger(__name__)

#: The longest text that a post takes.
TEXT_LENGTH = 2000
#: A post that was not written by a person.
AUTO_POST = 1


def post(services: Services, posts: Iterable[tuple[RecordRef, str]], *, operation: str) -> None:
    """Write one post per record and text, in one call."""
    if not services.settings.timeline_posts:
        return
    requests = [BatchRequest.create(Post.SET, _row(record, services.wording.text(text))) for record, text in posts]
    if not requests:
        return
    try:
        answers = services.dataverse.batch(requests)
    except ConnectorError as error:
        telemetry.log_problem(log, error, operation=operation)
        return
    refusals = {type(answer.error): answer.error for answer in answers if answer.error is not None}
    for refusal in refusals.values():
        telemetry.log_problem(log, refusal, operation=operation)


def _row(record: RecordRef, text: str) -> dict[str, object]:
    return {
        Post.TEXT: cut(text, TEXT_LENGTH),
        Post.SOURCE: AUTO_POST,
        f"{Post.regarding(record.table)}@odata.bind": bind(RECORD_TABLES[record.table].set_name, record.id),
    }
