"""Writing to destinations: Headrace, the plain driver's bulk load as the floor, and dlt."""
