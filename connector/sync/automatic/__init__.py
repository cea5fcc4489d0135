"""Records that changed in Dataverse are synced without a job."""
