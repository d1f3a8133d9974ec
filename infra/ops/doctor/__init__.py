"""What is wrong with an environment's state and the bucket it lies in, each with the command that mends it."""
