"""One file per dialect of span attributes. Each has `read(attributes)`: the columns of `spans` it can tell, no nulls.

Values in what `read` returns are still JSON values (messages a list, metadata an object); the row is made elsewhere.
"""
