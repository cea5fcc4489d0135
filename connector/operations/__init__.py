"""What each operation of a Spotler Job does, one file per family, and nothing about claims or retries."""
