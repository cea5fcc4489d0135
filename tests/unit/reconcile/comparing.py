"""A comparison of both systems of a process."""

from connector.reconcile.findings import FindingKind
from connector.reconcile.reconciling import Reconciler


class Reconciling:
    """Both systems, and the comparison of both sides."""

    def __init__(self, two):
        self.two = two

    def run(self, **options):
        """Compare both sides to the end; the certificate."""
        self.two.tick()
        for _ in range(100):
            certificate = Reconciler(self.two.services, **{"is_over": lambda: False} | options).step()
            if certificate is not None:
                return certificate
        raise AssertionError("it does not end")


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
