"""Asking an AWS account for what an environment needs of it. Nothing is changed."""
