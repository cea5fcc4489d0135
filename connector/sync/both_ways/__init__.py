"""What a record and its contact exchange, and which side wins."""
