"""What acts on a live environment through boto3 and the Kubernetes API."""
