"""Faults from outside: processes killed and frozen, disks and networks that fail, and a checker of what clients saw."""
