"""The key that seals secrets, and who may use the data folder."""
