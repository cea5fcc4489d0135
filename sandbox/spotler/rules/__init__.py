"""What may happen to the state, and what follows from it. Knows nothing of HTTP."""
