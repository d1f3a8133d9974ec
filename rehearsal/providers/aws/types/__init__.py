"""Resource types of the AWS stand-in, one module a service."""
