"""The networks, one file for each family and for each report that describes one."""
