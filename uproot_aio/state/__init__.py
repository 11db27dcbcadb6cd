"""What a session is: plain data. No I/O and no await in this folder."""
