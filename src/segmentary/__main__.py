"""`python -m segmentary` is `segmentary`."""

from segmentary.cli.main import main

main()
