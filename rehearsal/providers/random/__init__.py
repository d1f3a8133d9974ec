"""Stand-in for the vendor's random plugin: values from the system's source of randomness, kept in the state."""
