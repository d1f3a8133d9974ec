"""What differs between two versions of an environment's state. Secrets are never shown."""
