"""The life of a job."""

from typing import Annotated, Literal

from pydantic import Field

from connector.settings.kinds import SettingsGroup
from connector.words import Language


class JobSettings(SettingsGroup):
    """Jobs."""

    #: Hours after which a job that only met transient faults is Failed.
    job_give_up_hours: Annotated[float, Field(gt=0)] = 3
    #: Seconds after which a claim is stale: the lock duration of the subscriptions.
    job_lease_seconds: Annotated[float, Field(gt=0)] = 300
    #: Whether a deactivated record is anonymised in Spotler; if not, it loses its permissions only, on both sides.
    anonymise_on_deactivation: bool = True
    #: The language of Result Message, of the timeline and of Last Error: en or nl.
    result_language: Language = "en"
    #: Whether what a job changed in Spotler (all but a sync) is posted on the timeline of the record.
    timeline_posts: bool = True
    #: Seconds that a Queued row may wait for its message before the sweep requeues it.
    job_sweep_after_seconds: Annotated[float, Field(ge=0)] = 120

    #: Which jobs get a line in Application Insights: all, or those of which more is to be said than that they are done.
    telemetry_job_lines: Literal["all", "problems"] = "all"

    #: Days after which a Completed or Failed job is deleted; 0 keeps it.
    keep_completed_days: Annotated[int, Field(ge=0)] = 30
    keep_failed_days: Annotated[int, Field(ge=0)] = 90
