"""Which rows of `checks` still speak: a day's validation takes the place of those of its hours."""


def standing(relation: str = "checks") -> str:
    """SQL for the rows of *relation* (columns of `checks`) that no longer validation supersedes.

    A validation is superseded by one of the same table and writer whose longer window contains its own.
    """
    return f"""(
        SELECT * FROM {relation} AS own WHERE NOT EXISTS (
            SELECT 1 FROM (SELECT DISTINCT table_name, file, start_time, end_time FROM {relation}) AS longer
            WHERE longer.table_name = own.table_name AND longer.file = own.file
              AND longer.start_time <= own.start_time AND longer.end_time >= own.end_time
              AND longer.end_time - longer.start_time > own.end_time - own.start_time)
    )"""
