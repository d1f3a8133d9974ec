"""Files of a node. Lines that begin with `#` are for readers of this repository and are not sent to machines."""
