"""Bringing an older state back, with the cluster's records that belong to it, without losing any version."""
