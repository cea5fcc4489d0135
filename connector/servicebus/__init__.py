"""Service Bus: the definition of the entities, sending messages, and browsing stored ones."""
