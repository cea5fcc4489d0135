"""Marketing lists and their members, as the Marketing solution of Dynamics 365 adds them."""
