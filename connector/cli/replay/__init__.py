"""Replay in growing batches: what `quarantine replay`, `dead-letters replay` and `job retry` have in common."""
