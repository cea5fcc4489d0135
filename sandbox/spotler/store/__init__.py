"""The state of the account: one file per kind of thing, held together by `world`."""
