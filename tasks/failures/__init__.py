"""At which state the runs of agents fail first, and why: found by code and a judge, measured against labels."""
