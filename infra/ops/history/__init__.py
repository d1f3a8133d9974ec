"""What happened to a stack: who, when, and what changed."""
