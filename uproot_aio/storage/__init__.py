"""Where it is kept: the storage engines that implement engine/log.py."""
