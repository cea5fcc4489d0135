"""The doctor: checks of the whole connector, each with what it looks at, what it found, and what to do about it.

Every check only reads (`state_works` writes a value of its own and deletes it, and `--probe` creates a job that changes
nothing). A check whose ground is missing is not made: it says which other check has to be put right first.
"""
