"""What only a look at the systems can tell, for operators: how much waits, for how long, and what stands still.

The sweep looks, because it runs every few minutes on one instance; counters are where the work is.
"""
