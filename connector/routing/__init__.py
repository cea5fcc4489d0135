"""A message of Dataverse becomes a work item, or goes to the quarantine; what was put aside is replayed from here."""
