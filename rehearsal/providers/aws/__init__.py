"""Stand-in for the vendor's AWS plugin: a table of resource types over boto3, checked against the vendor's SDK."""
