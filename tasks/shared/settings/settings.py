"""The only reader of the environment and of nightjar.toml. Values are passed on from here.

First found wins: `NIGHTJAR_*` variables, those that the Phoenix, MLflow and Kaizen clients document, `nightjar.toml`
(or the file `NIGHTJAR_CONFIG` names), then what `make up` wrote of the local stack (`.nightjar/local.toml`).
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from tasks.shared.errors import ConfigurationError
from tasks.shared.settings.alerts import AlertSettings
from tasks.shared.settings.channels import ChannelName, ChannelSettings
from tasks.shared.settings.cost import CostSettings
from tasks.shared.settings.curation import (
    AnonymiseSettings,
    CurationSettings,
    ExportSettings,
    FeedbackSettings,
    SplitSettings,
)
from tasks.shared.settings.experiments import ExperimentSettings, GateSettings
from tasks.shared.settings.failures import FailureSettings
from tasks.shared.settings.knowledge import SyncSettings
from tasks.shared.settings.prompts import PromptSettings
from tasks.shared.settings.reports import ReportSettings
from tasks.shared.settings.scoring import (
    BudgetSettings,
    CheckSettings,
    EvaluatorSettings,
    JudgeSettings,
    LabelSettings,
    Price,
)
from tasks.shared.settings.services import LakeSettings, LocalSettings, MlflowSettings, PhoenixSettings

LOCAL_STACK = Path(".nightjar/local.toml")


class Settings(BaseSettings):
    """Every setting of Nightjar."""

    model_config = SettingsConfigDict(
        env_prefix="NIGHTJAR_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        nested_model_default_partial_update=True,
    )

    project: str = Field("default", min_length=1, description="Phoenix project to work on")
    tier: str = Field("dev", description="environment tier, for names and tags")
    use_case: str = Field("llm", description="for the experiment name")
    version: str = Field("v1", description="for the experiment name")
    owner: str = Field("unowned", description="who is asked when a run fails; a tag")
    late_lookback_hours: int = Field(48, ge=0, description="how far before the window late spans are looked for")
    prefect_api_url: str | None = Field(None, description="Prefect server for `python -m flows`")
    lake: LakeSettings = LakeSettings()
    phoenix: PhoenixSettings = PhoenixSettings()
    mlflow: MlflowSettings = MlflowSettings()
    evaluators: EvaluatorSettings = EvaluatorSettings()
    judges: JudgeSettings = JudgeSettings()
    budget: BudgetSettings = BudgetSettings()
    cost: CostSettings = CostSettings()
    labels: LabelSettings = LabelSettings()
    checks: CheckSettings = CheckSettings()
    anonymise: AnonymiseSettings = AnonymiseSettings()
    curation: CurationSettings = CurationSettings()
    feedback: FeedbackSettings = FeedbackSettings()
    splits: SplitSettings = SplitSettings()
    export: ExportSettings = ExportSettings()
    experiments: ExperimentSettings = ExperimentSettings()
    gates: dict[str, GateSettings] = Field(default_factory=dict, description="gates by name")
    prompts: PromptSettings = PromptSettings()
    sync: SyncSettings = SyncSettings()
    reports: ReportSettings = ReportSettings()
    channels: dict[ChannelName, ChannelSettings] = Field(
        default_factory=dict, description="channels by name; each kind's keys are in the guide to channels"
    )
    alerts: AlertSettings = AlertSettings()
    failures: FailureSettings = FailureSettings()
    local: LocalSettings = LocalSettings()
    prices: dict[str, Price] = Field(default_factory=dict, description="prices that override the shipped table")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources as the module's docstring says."""
        config = Path(os.environ.get("NIGHTJAR_CONFIG", "nightjar.toml"))
        return (
            init_settings,
            env_settings,
            InitSettingsSource(settings_cls, client_environment(dict(os.environ))),
            TomlConfigSettingsSource(settings_cls, config),
            TomlConfigSettingsSource(settings_cls, config.parent / LOCAL_STACK),
        )


def load_settings() -> Settings:
    """Read the settings now. Raises ConfigurationError naming key, value and problem; never a secret's value."""
    try:
        return Settings()
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors(include_input=False)
        )
        raise ConfigurationError(f"settings are wrong: {problems}. Correct nightjar.toml or NIGHTJAR_*.") from error
    except ValueError as error:
        raise ConfigurationError(f"settings cannot be read: {error}. Correct nightjar.toml or NIGHTJAR_*.") from error


def client_environment(environment: dict[str, str]) -> dict[str, Any]:
    """Settings found in the variables that the clients of Phoenix, MLflow, Prefect and Kaizen document."""
    phoenix: dict[str, Any] = {}
    for name in ("PHOENIX_ENDPOINT", "PHOENIX_COLLECTOR_ENDPOINT", "PHOENIX_URL"):
        if environment.get(name):
            # As the client does: an exporter's address is that of the server with a path behind it.
            phoenix["url"] = environment[name].rstrip("/").removesuffix("/v1/traces")
            break
    if environment.get("PHOENIX_API_KEY"):
        phoenix["api_key"] = environment["PHOENIX_API_KEY"]
    if environment.get("PHOENIX_CLIENT_HEADERS"):
        pairs = (pair.partition("=") for pair in environment["PHOENIX_CLIENT_HEADERS"].split(","))
        phoenix["headers"] = {unquote(k.strip()).lower(): unquote(v.strip()) for k, _, v in pairs if k.strip()}
    found: dict[str, Any] = {"phoenix": phoenix} if phoenix else {}
    if environment.get("MLFLOW_TRACKING_URI"):
        found["mlflow"] = {"tracking_uri": environment["MLFLOW_TRACKING_URI"]}
    if environment.get("PREFECT_API_URL"):
        found["prefect_api_url"] = environment["PREFECT_API_URL"]
    if providers := provider_environment(environment):
        found["judges"] = {"providers": providers}
    for name in ("PHOENIX_PROJECT_NAME", "PHOENIX_PROJECT"):
        if environment.get(name):
            found.setdefault("project", environment[name])
    kaizen = {"namespace": "KAIZEN_NAMESPACE_ID", "store": "KAIZEN_PROVIDER"}
    if sync := {key: environment[name] for key, name in kaizen.items() if environment.get(name)}:
        found["sync"] = sync
    return found


def provider_environment(environment: dict[str, str]) -> dict[str, dict[str, str]]:
    """Keys and addresses in the variables that the providers' own clients document."""
    documented = {
        "openai": {"api_key": "OPENAI_API_KEY", "base_url": "OPENAI_BASE_URL"},
        "azure": {"api_key": "AZURE_OPENAI_API_KEY", "base_url": "AZURE_OPENAI_ENDPOINT"},
        "anthropic": {"api_key": "ANTHROPIC_API_KEY", "base_url": "ANTHROPIC_BASE_URL"},
        "google": {"api_key": "GOOGLE_API_KEY"},
    }
    found = {}
    for kind, names in documented.items():
        values = {key: environment[name] for key, name in names.items() if environment.get(name)}
        if values:
            found[kind] = {"kind": kind, **values}
    return found
