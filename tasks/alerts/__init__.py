"""Alerts: measurements of closed hours, rules over them, and the life of what they raise."""
