"""`python3 dev.py words`: the catalogue is brought up to date, and what is left to translate is printed."""

import sys

from infra.words.catalogue import CATALOGUE, collected, missing, read, updated


def main() -> int:
    """Write the catalogue; 1 if something is left to do."""
    found = collected()
    CATALOGUE.write_bytes(updated(read(), found))
    left = [*found.mistakes, *(f"To translate in {CATALOGUE.name}: {text}" for text in missing(read()))]
    sys.stdout.writelines(f"{line}\n" for line in left)
    return int(bool(left))


if __name__ == "__main__":
    sys.exit(main())
