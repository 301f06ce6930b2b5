"""The figures people ask of a store, a family each; `ticketing.reports` is their door."""
