"""Stand-ins for everything the connector talks to, on one machine."""
