"""One module or package per outside system, the only importer of its SDK."""
