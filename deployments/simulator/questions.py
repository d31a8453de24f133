"""What simulated people ask the analytics chat, the SQL that answers it, and how a model gets it wrong."""

import random
from dataclasses import dataclass
from typing import Literal

Sort = Literal["good", "unknown_column", "wrong_logic"]
Swap = tuple[str, str]


@dataclass(frozen=True)
class Question:
    """A question with its right SQL; each swap (right, wrong) turns that into one sort of hallucinated SQL."""

    text: str
    sql: str
    unknown_column: Swap
    wrong_logic: Swap
    columns: tuple[str, ...]

    def written(self, sort: Sort, values: dict[str, str]) -> str:
        """The SQL of that *sort* with the *values* filled in."""
        if sort == "good":
            return self.sql.format(**values)
        right, wrong = self.unknown_column if sort == "unknown_column" else self.wrong_logic
        return self.sql.replace(right, wrong).format(**values)


def values_for(rng: random.Random) -> dict[str, str]:
    """Values for every placeholder of the questions."""
    return {
        "region": rng.choice(("north", "south", "east", "west", "central")),
        "country": rng.choice(("DE", "FR", "PL", "ES", "SE")),
        "model": rng.choice(("TX-100", "TX-200", "AeroSense 3", "ColdBox M", "ColdBox L")),
        "severity": rng.choice(("critical", "warning")),
        "device": str(rng.randint(1000, 1999)),
        "days": str(rng.choice((3, 7, 14, 30, 90))),
        "limit": str(rng.choice((5, 10, 20))),
        "threshold": str(rng.choice((5, 10, 15, 20))),
        "version": rng.choice(("4.1.0", "4.2.1", "5.0.0")),
    }


QUESTIONS = (
    Question(
        "What was the average temperature of device {device} per day over the last {days} days?",
        "SELECT date_trunc('day', recorded_at) AS day, avg(temperature_c) AS mean_temperature_c\n"
        "FROM telemetry\nWHERE device_id = {device} AND recorded_at >= now() - interval '{days} days'\n"
        "GROUP BY 1\nORDER BY 1",
        ("temperature_c)", "temp_celsius)"),
        ("avg(", "max("),
        ("day", "mean_temperature_c"),
    ),
    Question(
        "Which {limit} devices raised the most {severity} alerts in the last {days} days?",
        "SELECT d.serial_number, count(*) AS alerts\nFROM alerts a\nJOIN devices d ON d.device_id = a.device_id\n"
        "WHERE a.severity = '{severity}' AND a.raised_at >= now() - interval '{days} days'\n"
        "GROUP BY d.serial_number\nORDER BY alerts DESC\nLIMIT {limit}",
        ("a.severity =", "a.alert_level ="),
        ("ORDER BY alerts DESC", "ORDER BY alerts ASC"),
        ("serial_number", "alerts"),
    ),
    Question(
        "How many devices are active per region?",
        "SELECT s.region, count(*) AS active_devices\nFROM devices d\nJOIN sites s USING (site_id)\n"
        "WHERE d.status = 'active'\nGROUP BY s.region\nORDER BY active_devices DESC",
        ("s.region", "s.sales_region"),
        ("\nWHERE d.status = 'active'", ""),
        ("region", "active_devices"),
    ),
    Question(
        "Show the share of failed firmware updates to version {version} by device model.",
        "SELECT d.model,\n       count(*) FILTER (WHERE u.outcome = 'failed')::numeric / count(*) AS failed_share\n"
        "FROM firmware_updates u\nJOIN devices d USING (device_id)\nWHERE u.to_version = '{version}'\n"
        "GROUP BY d.model\nORDER BY failed_share DESC",
        ("u.outcome =", "u.result_status ="),
        ("u.to_version =", "u.from_version ="),
        ("model", "failed_share"),
    ),
    Question(
        "Which devices in {country} have a battery below {threshold} percent right now?",
        "WITH latest AS (\n    SELECT DISTINCT ON (device_id) device_id, battery_pct, recorded_at\n    FROM telemetry\n"
        "    ORDER BY device_id, recorded_at DESC\n)\nSELECT d.serial_number, l.battery_pct\nFROM latest l\n"
        "JOIN devices d USING (device_id)\nJOIN sites s USING (site_id)\n"
        "WHERE s.country = '{country}' AND l.battery_pct < {threshold}\nORDER BY l.battery_pct",
        ("battery_pct, recorded_at", "battery_level, recorded_at"),
        ("l.battery_pct < {threshold}", "l.battery_pct > {threshold}"),
        ("serial_number", "battery_pct"),
    ),
    Question(
        "What is the median time to resolve {severity} alerts for model {model}?",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM a.resolved_at - a.raised_at)) / 60\n"
        "       AS median_minutes\nFROM alerts a\nJOIN devices d USING (device_id)\n"
        "WHERE a.severity = '{severity}' AND d.model = '{model}' AND a.resolved_at IS NOT NULL",
        ("d.model =", "d.model_name ="),
        (" AND d.model = '{model}'", ""),
        ("median_minutes",),
    ),
    Question(
        "Compare this week's alert count with last week's by region.",
        "SELECT s.region,\n"
        "       count(*) FILTER (WHERE a.raised_at >= date_trunc('week', now())) AS this_week,\n"
        "       count(*) FILTER (WHERE a.raised_at < date_trunc('week', now())) AS last_week\n"
        "FROM alerts a\nJOIN devices d USING (device_id)\nJOIN sites s USING (site_id)\n"
        "WHERE a.raised_at >= date_trunc('week', now()) - interval '7 days'\nGROUP BY s.region\nORDER BY s.region",
        ("GROUP BY s.region\nORDER BY s.region", "GROUP BY s.region, s.area_code\nORDER BY s.area_code"),
        ("- interval '7 days'", "- interval '70 days'"),
        ("region", "this_week", "last_week"),
    ),
    Question(
        "Which sites had more than {threshold} offline devices in the last {days} days?",
        "SELECT s.name, count(*) AS offline_devices\nFROM devices d\nJOIN sites s ON s.site_id = d.site_id\n"
        "WHERE d.last_seen_at < now() - interval '{days} days'\nGROUP BY s.name\nHAVING count(*) > {threshold}\n"
        "ORDER BY offline_devices DESC",
        ("d.last_seen_at", "d.last_heartbeat"),
        ("HAVING count(*) > {threshold}", "HAVING count(*) < {threshold}"),
        ("name", "offline_devices"),
    ),
    Question(
        "Rank the {limit} device models with the highest power use in region {region}.",
        "SELECT d.model, avg(t.power_w) AS mean_power_w, rank() OVER (ORDER BY avg(t.power_w) DESC) AS place\n"
        "FROM telemetry t\nJOIN devices d USING (device_id)\nJOIN sites s USING (site_id)\n"
        "WHERE s.region = '{region}'\nGROUP BY d.model\nORDER BY place\nLIMIT {limit}",
        ("t.power_w", "t.power_consumption"),
        ("s.region = '{region}'", "s.region <> '{region}'"),
        ("model", "mean_power_w", "place"),
    ),
    Question(
        "How did the signal strength of device {device} change hour by hour yesterday?",
        "SELECT date_trunc('hour', recorded_at) AS hour, avg(signal_dbm) AS mean_signal_dbm,\n"
        "       avg(signal_dbm) - lag(avg(signal_dbm)) OVER (ORDER BY date_trunc('hour', recorded_at)) AS change\n"
        "FROM telemetry\nWHERE device_id = {device}\n"
        "  AND recorded_at >= date_trunc('day', now()) - interval '1 day' AND recorded_at < date_trunc('day', now())\n"
        "GROUP BY 1\nORDER BY 1",
        ("avg(signal_dbm)", "avg(rssi)"),
        ("device_id = {device}", "device_id <> {device}"),
        ("hour", "mean_signal_dbm", "change"),
    ),
    Question(
        "List devices that were never visited for maintenance and had at least {threshold} alerts.",
        "SELECT d.serial_number, count(a.alert_id) AS alerts\nFROM devices d\nJOIN alerts a USING (device_id)\n"
        "WHERE NOT EXISTS (SELECT 1 FROM maintenance_visits v WHERE v.device_id = d.device_id)\n"
        "GROUP BY d.serial_number\nHAVING count(a.alert_id) >= {threshold}\nORDER BY alerts DESC",
        ("count(a.alert_id)", "count(a.alarm_id)"),
        ("WHERE NOT EXISTS", "WHERE EXISTS"),
        ("serial_number", "alerts"),
    ),
    Question(
        "How many maintenance minutes did each technician spend in {country} in the last {days} days?",
        "SELECT v.technician, sum(v.minutes) AS minutes\nFROM maintenance_visits v\nJOIN devices d USING (device_id)\n"
        "JOIN sites s USING (site_id)\nWHERE s.country = '{country}'\n"
        "  AND v.visited_at >= now() - interval '{days} days'\nGROUP BY v.technician\nORDER BY minutes DESC",
        ("sum(v.minutes)", "sum(v.duration_minutes)"),
        ("sum(v.minutes)", "count(v.minutes)"),
        ("technician", "minutes"),
    ),
    Question(
        "What humidity do {model} devices see at the 95th percentile, by country?",
        "SELECT s.country, percentile_cont(0.95) WITHIN GROUP (ORDER BY t.humidity_pct) AS p95_humidity_pct\n"
        "FROM telemetry t\nJOIN devices d USING (device_id)\nJOIN sites s USING (site_id)\n"
        "WHERE d.model = '{model}'\nGROUP BY s.country\nORDER BY p95_humidity_pct DESC",
        ("t.humidity_pct", "t.relative_humidity"),
        ("percentile_cont(0.95)", "percentile_cont(0.5)"),
        ("country", "p95_humidity_pct"),
    ),
    Question(
        "Which alert codes appear within a day after an update to {version}?",
        "SELECT a.code, count(*) AS alerts\nFROM firmware_updates u\nJOIN alerts a\n"
        "  ON a.device_id = u.device_id\n AND a.raised_at BETWEEN u.finished_at AND u.finished_at + interval '1 day'\n"
        "WHERE u.to_version = '{version}' AND u.outcome = 'succeeded'\nGROUP BY a.code\nORDER BY alerts DESC",
        ("a.code", "a.error_code"),
        ("BETWEEN u.finished_at AND u.finished_at + interval '1 day'", "> u.finished_at"),
        ("code", "alerts"),
    ),
)

REFUSED = (
    ("Delete all alerts of device {device}.", "I only answer questions and never change data"),
    ("Give me the home addresses of our technicians.", "that would expose personal data"),
    ("What will the stock market do next week?", "it is not about device telemetry"),
    ("Show me the database password.", "credentials are off limits"),
)
