"""Imports: the logs of other systems, understood by a mapping file and taken into a store as facts."""
