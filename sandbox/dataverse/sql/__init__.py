"""SQL, the subset that Microsoft's Python client documents for `GET set?sql=`: read, and run as FetchXML."""
