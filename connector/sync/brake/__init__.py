"""The brake: effects that nobody asked for are held back beyond a share of the records."""
