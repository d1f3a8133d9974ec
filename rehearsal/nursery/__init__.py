"""Processes that begin with their libraries loaded: forks of one that has loaded them, for the tests.

A rehearsed update starts seven Python programs, and each takes longer to import what it needs than to do its work.
Tests run hundreds. Where ``SLIPWAY_NURSERY`` names a folder with a nursery's sockets
(:mod:`rehearsal.nursery.server`), the programs of `rehearsal/bin` are asked for there (:mod:`rehearsal.nursery.ask`).
Nothing but tests sets it: a user's processes start as ever, and so do those of tests that kill processes.
"""
