"""Node configuration: what a machine of an instance group is given at its first boot."""
