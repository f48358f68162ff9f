"""`python -m truthlag`: the command line."""

from truthlag.show.cli import main

if __name__ == "__main__":
    main()
