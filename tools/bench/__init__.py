"""`make bench`: our board beside a minimal reference, in the same run, on the same machine."""
