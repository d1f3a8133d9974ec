"""Decisions: pure functions from the spec to frozen values. No Pulumi, no AWS, no clock, no environment."""
