"""The rolling update: what differs is decided apart from what is done about it."""
