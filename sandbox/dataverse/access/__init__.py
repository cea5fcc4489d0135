"""Who may do what: roles, privileges, users, and what follows from them for every request."""
