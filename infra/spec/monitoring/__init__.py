"""Rules and dashboards that an environment brings for itself: files beside its stack file."""
