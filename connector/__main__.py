"""`python -m connector`."""

from connector.cli.app import main

main()
