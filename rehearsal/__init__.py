"""The rehearsal: how an environment runs with no cloud account. Nothing in ``infra`` imports it."""
