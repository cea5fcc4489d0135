"""A stand-in of the API of Spotler Leads (GatorLeads), version 1.7.0: visitors of a website and the pages they viewed.

`python -m sandbox.leads` starts it; `sandbox.leads.server.running` serves it inside a test. What it does not know it
refuses.
"""
