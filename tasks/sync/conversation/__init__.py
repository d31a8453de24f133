"""From a span's attributes, in whatever form they carry messages, to one conversation in OpenAI's form. Pure."""
