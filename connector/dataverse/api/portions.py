"""Long work in several calls: portions of a size that Dataverse takes, sent one after the other."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from connector.dataverse.api.batch import BatchRequest, change_sets
from connector.errors import ConnectorError, Transient


def portions(requests: Iterable[BatchRequest], size: int) -> Iterator[list[BatchRequest]]:
    """The requests in portions of at most this size, in which change sets are whole."""
    portion: list[BatchRequest] = []
    for group in change_sets(requests):
        if portion and len(portion) + len(group) > size:
            yield portion
            portion = []
        portion += group
    if portion:
        yield portion


def in_parts[T, R](
    parts: Iterable[Sequence[T]],
    send: Callable[[Sequence[T]], Sequence[R]],
    failed: Callable[[T, ConnectorError], R],
) -> list[R]:
    """Send part after part, so that what is known of the first is not lost with the second.

    Raises:
        ConnectorError: of the first part. A later part's error is the answer for each of its items, and the parts after
            it are not sent.
    """
    answers: list[R] = []
    fault: ConnectorError | None = None
    for part in parts:
        if fault is not None:
            not_sent = Transient("Not sent to Dataverse, because the call before failed.")
            answers += [failed(item, not_sent) for item in part]
            continue
        try:
            answers += send(part)
        except ConnectorError as error:
            if not answers:
                raise
            fault = error
            answers += [failed(item, error) for item in part]
    return answers
