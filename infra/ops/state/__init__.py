"""Pulumi's state in its bucket: versions of objects, what a state holds, and the lock on it."""
