"""The fault matrix: at every touch of every work, every class of fault, in one process and in a time that can be moved.

    python -m tests.faults.matrix --operation add-tag --touch 7 --fault answer-lost-after-lease --seed 1

A *work* is what one operation does for a few jobs, or the router, the sweep, a timer (`works`). A *touch* is one HTTP
request, one send to the bus, or one settlement of a message (`wire`). Nobody lists touches: a work runs once without
a fault, and its touches are counted as they happen. `faults` holds the classes of fault, each with the touches that it
can happen to. A *cell* is one work, one touch, one fault and one seed (`cell`); `cells` enumerates them.

The stand-ins are called without a network (`systems`), so a cell takes some hundredths of a second. The promise is that
of the kill points, and so is the checker (`tests.faults.kill_points.checker`).
"""
