"""Stand-in for `pulumi-resource-kubernetes` 4.34.2, for machines where the vendor's plugin is not
installed."""
