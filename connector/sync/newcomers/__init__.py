"""New subscribers: contacts that Spotler had first become rows of Dataverse."""
