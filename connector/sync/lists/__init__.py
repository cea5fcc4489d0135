"""Marketing lists: the members of a list become the members of an audience in Spotler.

    list ─► query ─► pages ─► compared with the stored membership ─┬─ new ──► synced as contacts ─► added, in blocks
            (query)  (reading)           (difference)              └─ gone ─► asked for again ─► brake ─► removed

Spotler cannot say who is in an audience, so the connector remembers whom it has sent (`membership`). A run is a chain
of short steps (`run`, `steps`), each of which can be repeated.
"""
