"""Both sides compared in full: every record and every contact is in exactly one of four classes.

    ids of all records ─┐
                        ├─► blocks of 100 ─► compared ─┬─ in step ─────────────────────► equal, or excluded (why)
    all contacts ───────┘      (a rehearsal of the     └─ synced ─► compared again ─┬──► repaired
       (feed of updates,        sync; costs no call         (brake, consent, undo)  └──► quarantined (the code)
        since ever)             where nothing differs)

There is no second mechanism: what differs is what a sync would do, and what repairs is the sync. A repair counts only
if the two sides were seen to agree after it. Nothing is removed because the other side does not have it.
"""
