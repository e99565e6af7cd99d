"""`python -m pdca` is the `pdca` command."""

from pdca.cli import main

main()
