"""Components: each maps one plan to resources, and decides nothing."""
