"""The life of a Spotler Job: claimed, run in portions, tried again, recorded, swept and cleaned up."""
