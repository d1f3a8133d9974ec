"""Volumes of workloads' claims: what there is, copies of it, and how one is brought back."""
