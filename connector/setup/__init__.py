"""Bringing a Dataverse environment to what the manifest says: a plan first, then exactly that plan.

target.py       what is known of the environment: languages, solution, what is in it
component.py    what every kind of component can do: read, compare, create, change
publisher.py … keys.py
one file per kind of component
planning.py     the plan: what would be created, changed, left alone, and what is drift
applying.py     carries out a plan, phase by phase, and reads everything back
"""
