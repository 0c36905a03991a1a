"""What holding personal data costs: pieces of `make bench NAME=core`."""
