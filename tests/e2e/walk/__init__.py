"""The documents by task, walked through: their commands as a reader would give them, one after the other."""
