"""Stand-in for the vendor's tls plugin: real keys and certificates, checked against the vendor's SDK."""
