"""Plans of workloads and service backends: the Kubernetes objects they become, as plain frozen values."""
