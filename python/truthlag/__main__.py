"""The command `truthlag`, and `python -m truthlag`."""

import contextlib
import sys


def main() -> None:
    """Run the command line, or say what to install for it and exit with 1."""
    try:
        from truthlag.show.cli import main as run
    except ImportError as error:
        # Anything else that cannot be imported is a fault to be seen whole.
        if error.name != "truthlag.show":
            raise
        sys.exit(str(error))
    except KeyboardInterrupt:
        # Told here as `orderly_ending` tells it, which is part of what is being imported.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            sys.stderr.write("interrupted\n")
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
