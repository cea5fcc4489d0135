"""Marketing Interaction: what people did with mailings, one row per event."""
