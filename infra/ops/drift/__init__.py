"""What was changed outside of the program: found by a refresh that writes nothing."""
