"""Reconcile: both sides are compared in full, step by step; the row of the job is the certificate."""

from collections.abc import Mapping, Sequence
from typing import Final, override

from connector.dataverse.choices import Operation as Choice
from connector.operations.context import Context
from connector.operations.operation import Needs, ParameterlessOperation, Task
from connector.operations.results import Continue, Done, Result
from connector.reconcile.certificate_text import sentence_of
from connector.reconcile.progress import is_under_way, last_certificate
from connector.reconcile.reconciling import Reconciler
from connector.words import Sentence


class Reconcile(ParameterlessOperation):
    """One comparison serves all jobs of a chunk."""

    choice = Choice.RECONCILE
    needs = Needs.NOTHING

    @override
    def perform(self, tasks: Sequence[Task[None]], context: Context) -> Mapping[str, Result]:
        """Make a step."""
        goes_on = [task for task in tasks if task.step]
        if goes_on and not is_under_way(context.services) and (last := last_certificate(context.services)):
            # It was finished, and the row could not be written; or a command has finished it.
            return dict.fromkeys((task.job.id for task in tasks), Done(sentence_of(last)))
        progress = Continue(_progress(0, 0))

        def seen(done: int, of: int) -> None:
            nonlocal progress
            progress = Continue(_progress(done, of))

        reconciler = Reconciler(context.services, is_over=lambda: _is_over(context), seen=seen)
        certificate = reconciler.step()
        result = progress if certificate is None else Done(sentence_of(certificate))
        return dict.fromkeys((task.job.id for task in tasks), result)


def _progress(done: int, of: int) -> Sentence:
    return Sentence(
        "{done} of {count} record is compared.",
        plural="{done} of {count} records are compared.",
        done=done,
        count=of,
    )


def _is_over(context: Context) -> bool:
    return context.services.now() >= context.deadline


OPERATIONS: Final = (Reconcile(),)
