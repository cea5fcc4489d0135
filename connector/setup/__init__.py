"""Bringing a Dataverse environment to what the manifest says: a plan first, then exactly that plan.

target.py       what is known of the environment: languages, solution, what is in it
component.py    what every kind of component can do: read, compare, create, change, remove
publisher.py … keys.py
one file per kind of component
planning.py     the plan: what would be created, changed, left alone, and what is drift
applying.py     carries out a plan, phase by phase, and reads everything back
removal.py      the plan of a removal: what goes, what stays and why, and what stands in the way
removing.py     carries it out, the last ones made first
exporting.py    the solution as a file
"""
