"""The status of a contact in Spotler, as Spotler Info shows it."""
