"""The mirror: the store between CODING and the destinations, one file a connection."""
