"""Examples in prompts: told apart in a prompt's text, and chosen for a question by likeness."""
