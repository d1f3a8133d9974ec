"""What a change does to production, told from the engine's events before it is made."""
