"""The Spotler Job: its model, its routing, its life cycle, and one file per family of operations."""
