"""How the Web API shows a lookup column."""


def lookup_value(column: str) -> str:
    """The property under which the Web API shows the id of a lookup column."""
    return f"_{column}_value"
