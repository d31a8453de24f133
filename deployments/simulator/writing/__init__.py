"""What the simulated provider writes where it is no judge: SQL, better prompts, embeddings.

- `skill`       how well it writes SQL, depending on features of the prompt; settings
- `features`    those features, seen in a prompt
- `sql_writer`  SQL for a simulated question, right or wrong at that rate
- `engineer`    improved prompts, some of which are better
- `analyst`     why runs fail, with the runs it rests on
- `name_reader` people's names in a text
- `embeddings`  vectors of hashed character n-grams
"""
