"""The catalogues of messages: what is in the source, what is translated, and the pages that show it."""
