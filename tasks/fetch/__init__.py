"""From Phoenix to the lake: raw spans in, one typed row per span out. What spans mean afterwards belongs elsewhere."""
