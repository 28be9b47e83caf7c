"""`python -m lifecycle` is the command `lifecycle`."""

from lifecycle.cli import main

main()
