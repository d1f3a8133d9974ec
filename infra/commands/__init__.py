"""The commands of ``slipway``, one concern a file; ``infra/cli.py`` puts them together."""
