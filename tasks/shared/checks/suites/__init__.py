"""One module per table, each declaring one Suite; the module's name is the table's. No engine code here."""
