"""A stand-in for Dataverse: the Web API v9.2, its token endpoint, and steps that post messages to Service Bus.

    python -m sandbox.dataverse --service-bus-connection-string "Endpoint=sb://..."

The way of a request: `app` (HTTP, tokens, limits, faults) → `api` (which operation) → `reads` or `writes` (what
happens) → `store` (rows in memory). A committed write goes on to `journal` and `steps`, and from there through
`context` (the JSON) and `poster` (the bus).
"""
