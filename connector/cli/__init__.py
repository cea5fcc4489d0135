"""`python -m connector`: jobs, messages, the mapping and generated files, from the command line."""
