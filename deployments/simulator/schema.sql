-- The simulated device-telemetry database that the simulated analytics chat asks about (PostgreSQL).

CREATE TABLE sites (
    site_id      integer PRIMARY KEY,
    name         text NOT NULL,
    region       text NOT NULL,
    country      text NOT NULL,
    timezone     text NOT NULL
);

CREATE TABLE devices (
    device_id         integer PRIMARY KEY,
    serial_number     text NOT NULL UNIQUE,
    model             text NOT NULL,
    firmware_version  text NOT NULL,
    site_id           integer NOT NULL REFERENCES sites (site_id),
    status            text NOT NULL,
    installed_at      timestamptz NOT NULL,
    last_seen_at      timestamptz
);

CREATE TABLE telemetry (
    device_id      integer NOT NULL REFERENCES devices (device_id),
    recorded_at    timestamptz NOT NULL,
    temperature_c  double precision,
    humidity_pct   double precision,
    battery_pct    double precision,
    signal_dbm     double precision,
    power_w        double precision,
    PRIMARY KEY (device_id, recorded_at)
);

CREATE TABLE alerts (
    alert_id     integer PRIMARY KEY,
    device_id    integer NOT NULL REFERENCES devices (device_id),
    raised_at    timestamptz NOT NULL,
    resolved_at  timestamptz,
    severity     text NOT NULL,
    code         text NOT NULL,
    message      text
);

CREATE TABLE firmware_updates (
    update_id     integer PRIMARY KEY,
    device_id     integer NOT NULL REFERENCES devices (device_id),
    from_version  text NOT NULL,
    to_version    text NOT NULL,
    started_at    timestamptz NOT NULL,
    finished_at   timestamptz,
    outcome       text NOT NULL
);

CREATE TABLE maintenance_visits (
    visit_id     integer PRIMARY KEY,
    device_id    integer NOT NULL REFERENCES devices (device_id),
    visited_at   timestamptz NOT NULL,
    technician   text NOT NULL,
    reason       text NOT NULL,
    minutes      integer NOT NULL
);
