"""What can go wrong with a set-up, beside what Dataverse says."""

from connector.errors import Misconfigured, Refused


class SetupRefused(Refused):
    """The set-up would touch what is not ours, or what cannot be changed."""

    code = "SETUP_REFUSED"
    advice = "Read the plan: python -m connector setup plan."


class SetupPlanOutdated(Refused):
    """The environment is not as it was when the plan was made."""

    code = "SETUP_PLAN_OUTDATED"
    advice = "Make a new plan, read it, and apply that one."


class SetupIncomplete(Refused):
    """Dataverse accepted a change, but it is not there when it is read back."""

    code = "SETUP_INCOMPLETE"
    advice = "Run the command again: it goes on where it stopped."


class EndpointRefused(Refused):
    """Dataverse cannot post through the service endpoint."""

    code = "SERVICE_ENDPOINT_REFUSED"
    advice = "Correct SERVICE_ENDPOINT_KEY, then run setup plan and setup apply with --replace-key."


class PlanNotValid(Misconfigured):
    """The file is not a plan of a set-up."""

    code = "SETUP_FILE_NOT_VALID"
    advice = "Write it with: python -m connector setup plan --out FILE."


class ExportFailed(Refused):
    """Dataverse did not give a usable file of the solution."""

    code = "SETUP_EXPORT_FAILED"
    advice = "See Solutions, History in Power Apps, then export again."
