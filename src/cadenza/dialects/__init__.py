"""Wire JSON to the canonical request and back; pure; one folder per dialect."""
