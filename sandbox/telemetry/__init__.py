"""A stand-in of the ingestion endpoint of Application Insights: takes what the real exporter sends, and keeps it.

`python -m sandbox.telemetry` starts it; `sandbox.telemetry.server.running` serves it inside a test. What arrives
becomes rows of the tables of a Log Analytics workspace (`tables.py`). What the endpoint would not accept is refused.
"""
