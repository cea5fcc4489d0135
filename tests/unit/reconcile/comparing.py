"""A comparison of both systems of a process."""

from connector.reconcile.findings import FindingKind
from connector.reconcile.reconciling import Reconciler, to_the_end


class Reconciling:
    """Both systems, and the comparison of both sides."""

    def __init__(self, two):
        self.two = two

    def run(self, **options):
        """Compare both sides to the end; the certificate."""
        self.two.tick()
        reconciler = Reconciler(self.two.services, **{"is_over": lambda: False} | options)
        return to_the_end(reconciler, pause=self.two.time.sleep)


def classes(certificate, side="records"):
    """How many there are by class and reason, without what there is none of."""
    found = {}
    for kind in FindingKind:
        counts = certificate[side][kind.value]
        left = counts["total"] - sum(counts["reasons"].values())
        found |= {(kind.value, reason): count for reason, count in counts["reasons"].items()}
        if left:
            found[kind.value] = left
    return found
