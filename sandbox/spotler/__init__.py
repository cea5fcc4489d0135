"""A stand-in for the Spotler Mail+ REST API, in both of its dialects, with OAuth 1.0a checked.

`python -m sandbox.spotler` starts it; `sandbox.spotler.server.running` serves it inside a test.
"""
