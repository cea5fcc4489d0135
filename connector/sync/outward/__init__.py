"""Outward: a Dataverse record becomes, or stays, its Spotler contact."""
