"""The side door for tests: fixtures, events, clock, faults, settings, and a look at everything.

It is no part of the imitated API, is not signed, and lives below `/_sandbox/`.
"""
