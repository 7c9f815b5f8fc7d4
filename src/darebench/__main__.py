"""`python -m darebench` is the command `darebench`."""

from darebench.cli import main

main()
