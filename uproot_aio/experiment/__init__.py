"""What an author writes. No event loop in this folder; I/O only in load.py."""
