"""`python -m demo`: the command line."""

import sys

from demo.cli import main

if __name__ == "__main__":
    sys.exit(main())
