"""Pages for people: text, tables and charts as data, one template for HTML, and the same as Markdown."""
