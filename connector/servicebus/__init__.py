"""Service Bus: the definition of the entities, sending to them, and looking into them."""
