"""Settings: sources, order, errors, secrets."""

import traceback

import pytest

from tasks.shared.errors import ConfigurationError
from tasks.shared.settings import client_environment, load_settings, without_password


@pytest.fixture
def toml(tmp_path, monkeypatch):
    """Write nightjar.toml and make it the one that is read."""
    for name in (
        "PHOENIX_ENDPOINT",
        "PHOENIX_COLLECTOR_ENDPOINT",
        "PHOENIX_API_KEY",
        "PHOENIX_CLIENT_HEADERS",
        "PHOENIX_PROJECT_NAME",
        "PHOENIX_URL",
        "PHOENIX_PROJECT",
        "KAIZEN_NAMESPACE_ID",
        "KAIZEN_PROVIDER",
        "MLFLOW_TRACKING_URI",
        "PREFECT_API_URL",
    ):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "nightjar.toml"
    monkeypatch.setenv("NIGHTJAR_CONFIG", str(path))
    return path


def test_without_any_source_the_defaults_hold(toml):
    assert load_settings().phoenix.url == "http://127.0.0.1:6006"


def test_the_file_beats_the_local_stack_and_the_environment_beats_the_file(toml, monkeypatch):
    overlay = toml.parent / ".nightjar" / "local.toml"
    overlay.parent.mkdir()
    overlay.write_text('[phoenix]\nurl = "http://stack"\n[mlflow]\ntracking_uri = "http://stack"\n')
    toml.write_text('[phoenix]\nurl = "http://file"\n')
    assert (load_settings().phoenix.url, load_settings().mlflow.tracking_uri) == ("http://file", "http://stack")
    monkeypatch.setenv("PHOENIX_ENDPOINT", "http://client-variable")
    assert load_settings().phoenix.url == "http://client-variable"
    monkeypatch.setenv("NIGHTJAR_PHOENIX__URL", "http://own-variable")
    assert load_settings().phoenix.url == "http://own-variable"


@pytest.mark.parametrize(
    "given", ["http://p:6006", "http://p:6006/", "http://p:6006/v1/traces", "http://p:6006/v1/traces/"]
)
def test_an_exporters_address_is_that_of_the_server(given):
    assert client_environment({"PHOENIX_COLLECTOR_ENDPOINT": given}) == {"phoenix": {"url": "http://p:6006"}}


def test_the_variables_of_the_trajectory_sync_are_honoured():
    found = client_environment(
        {
            "PHOENIX_URL": "http://p",
            "PHOENIX_PROJECT": "agents",
            "KAIZEN_NAMESPACE_ID": "team",
            "KAIZEN_PROVIDER": "milvus",
        }
    )
    assert found == {
        "phoenix": {"url": "http://p"},
        "project": "agents",
        "sync": {"namespace": "team", "store": "milvus"},
    }


def test_the_documented_client_variables_are_honoured():
    found = client_environment(
        {
            "PHOENIX_COLLECTOR_ENDPOINT": "http://p",
            "PHOENIX_API_KEY": "k",
            "PHOENIX_CLIENT_HEADERS": "X-Team=a%20b, api=1",
            "MLFLOW_TRACKING_URI": "http://m",
            "PHOENIX_PROJECT_NAME": "chat",
        }
    )
    assert found == {
        "phoenix": {"url": "http://p", "api_key": "k", "headers": {"x-team": "a b", "api": "1"}},
        "mlflow": {"tracking_uri": "http://m"},
        "project": "chat",
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("projetc = 'x'", "projetc: Extra inputs"),
        ("[phoenix]\nin_flight = 0", "phoenix.in_flight: Input should be greater than or equal to 1"),
        ("[phoenix]\nurll = 'x'", "phoenix.urll: Extra inputs"),
        ("project = ", "cannot be read"),
    ],
)
def test_a_wrong_setting_names_its_key_and_problem(toml, text, problem):
    toml.write_text(text)
    with pytest.raises(ConfigurationError, match=problem):
        load_settings()


def test_a_secret_is_never_printed(toml, monkeypatch):
    monkeypatch.setenv("PHOENIX_API_KEY", "s3cret-key")
    monkeypatch.setenv("PHOENIX_CLIENT_HEADERS", "authorization=s3cret-header")
    assert "s3cret" not in repr(load_settings())
    toml.write_text("[phoenix]\nin_flight = 's3cret-value'")
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://u:p@h:1/x?k=v", "http://h:1/x?k=v"),
        ("http://u@h", "http://h"),
        ("http://h:1/a@b", "http://h:1/a@b"),
        ("sqlite:///mlflow.db", "sqlite:///mlflow.db"),
    ],
)
def test_a_url_is_shown_without_user_and_password(url, shown):
    assert without_password(url) == shown
