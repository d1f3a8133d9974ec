"""Whether an environment is as it should be: one check a module, each a function that returns findings."""
