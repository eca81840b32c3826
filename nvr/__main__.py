"""`python -m nvr` is the `nvr` command."""

from nvr.cli import main

if __name__ == "__main__":
    main()
