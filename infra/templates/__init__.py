"""Files that reach machines or the cluster. Read through importlib.resources; nothing here is imported by a plan."""
