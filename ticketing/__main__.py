"""`python -m ticketing` is the command line."""

from ticketing.cli import main

if __name__ == "__main__":
    main()
