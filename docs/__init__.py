"""The documentation, and the code that keeps its tables and pictures true."""
