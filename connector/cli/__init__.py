"""`python -m connector`: looking at messages and jobs, and creating jobs, from the command line."""
