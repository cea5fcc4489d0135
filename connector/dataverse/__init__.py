"""Everything that speaks Dataverse: messages, Web API, table and column names, schema manifest."""
