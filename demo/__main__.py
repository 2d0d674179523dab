"""`python -m demo`: the command line."""

import sys

from demo.commands.main import main

if __name__ == "__main__":
    sys.exit(main())
