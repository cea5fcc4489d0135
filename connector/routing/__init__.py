"""A message of Dataverse becomes a work item, or goes to the quarantine, from where it can be replayed."""
