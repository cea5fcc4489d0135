"""A Dataverse record and its Spotler contact."""
