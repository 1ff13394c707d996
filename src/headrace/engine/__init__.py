"""The engine: capture from CODING into the mirror, apply from the mirror to destinations."""
