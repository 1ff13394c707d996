"""Mining: sources read into their mirrors, and how that stands."""
