"""Plans of logging and monitoring: what runs in the cluster for them, and what AWS keeps."""
