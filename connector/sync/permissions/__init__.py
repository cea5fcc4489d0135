"""Rows of Spotler Permission and Consent History: made, read and switched."""
