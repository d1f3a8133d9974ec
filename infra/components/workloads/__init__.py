"""Components of workloads and service backends, usable from any Pulumi program."""
