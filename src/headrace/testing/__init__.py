"""What Headrace is tested with, and what third parties test their own parts with.

`headrace.testing.destination_contract.DestinationContract` is the public suite for destinations;
the simulation (`python -m headrace.testing.simulate`) runs the whole product in one thread under
a seeded virtual clock with faults and crashes.
"""
