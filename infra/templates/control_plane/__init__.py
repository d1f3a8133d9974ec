"""Files that reach control-plane members."""
