"""The only readers and writers of anything outside: stores, codec, private texts, logs, files."""
