"""`python -m rehearsal.moto`."""

from rehearsal.moto.server import main

main()
