"""The official directory of communes and EPCI: read it, store it, search it."""
