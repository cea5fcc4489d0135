"""`python -m connector`: jobs, messages and what was put aside, looked at and set going from the command line."""
