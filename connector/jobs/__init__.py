"""The life of a Spotler Job: claimed, run in chunks, retried, recorded, swept and cleaned up."""
