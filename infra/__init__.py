"""Slipway: self-managed, kops-style Kubernetes on AWS from Pulumi."""
