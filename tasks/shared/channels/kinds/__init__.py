"""One file per kind of channel. A file declares one `Channel`; nothing else lists it."""
