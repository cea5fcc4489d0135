"""What timers, and jobs that ask for it, fetch from Spotler."""
