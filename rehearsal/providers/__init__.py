"""Stand-ins for vendors' provider plugins, used where the real ones cannot be installed."""
