"""The trade: facts, commands, rules and time. Pure: no I/O, no clock, no randomness."""
