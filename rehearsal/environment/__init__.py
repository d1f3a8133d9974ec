"""One rehearsed environment: its directory, its processes, and the engine that runs against them."""
