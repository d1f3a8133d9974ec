"""What every stand-in plugin shares: serving, values, differences, failures and the gRPC front."""
