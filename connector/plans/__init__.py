"""Plans: what a sync would change, before it is done; and what an inward run has changed, after it.

plan        the sync runs against a gate that lets nothing through and notes what wanted to pass
plan apply  the same sync runs, and the gate lets through what is in the plan, and nothing else
undo        what a run wrote in Dataverse is taken back where nobody has changed it since
why         where a value came from, of what the connector itself recorded
"""
