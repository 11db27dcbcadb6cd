"""What happens: every use case. No HTTP and no LMDB in this folder."""
