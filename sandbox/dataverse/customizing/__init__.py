"""Customising: definitions of tables, columns, relationships, keys and choices that clients make, change and delete.

`service` finds the request, `definitions` holds what is defined, the other modules are one kind of component each. What
they change is handed to the catalog, so that rows can be written by it.
"""
