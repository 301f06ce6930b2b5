"""Pages: what is put on paper and sent away: dossiers, and the program that verifies them."""
