"""Marketing Lists of Dynamics 365 and their audiences in Spotler."""
