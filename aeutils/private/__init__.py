"""What the course uses of other libraries without their promise that it stays: all of it here, a file a library, each
name with what serves in its place where it is missing. Nobody's results depend on it, only how soon they are there.
"""
