"""What Azure loads: registers the triggers and nothing else."""

import azure.functions as func

from connector.triggers import health, jobs, records, routing, timers
from connector.triggers.metadata import read_metadata_once

read_metadata_once()
app = func.FunctionApp()
for blueprint in (routing.blueprint, jobs.blueprint, records.blueprint, timers.blueprint, health.blueprint):
    app.register_functions(blueprint)
