"""Taking an environment down, with what controllers in the cluster have made beside the program."""
