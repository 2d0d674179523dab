"""The networks: one file for each family, and one for each report that describes a network."""
