"""The arithmetic of detection, written once for floats and read a second time for arrays."""
