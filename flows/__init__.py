"""WHEN and in WHAT ORDER: only `@flow` functions, each reading as a paragraph."""
