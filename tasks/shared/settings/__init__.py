"""Every setting, by what it is about; `settings.py` alone reads the environment and nightjar.toml."""

from tasks.shared.settings.alerts import AlertRule, AlertSettings
from tasks.shared.settings.channels import ChannelName, ChannelSettings
from tasks.shared.settings.cost import CostSettings, TrafficBudget
from tasks.shared.settings.curation import (
    DATASET_KINDS,
    FINE_TUNING_FORMS,
    AnonymiseSettings,
    CurationSettings,
    DatasetKind,
    ExportSettings,
    FeedbackSettings,
    FineTuningForm,
    SplitSettings,
)
from tasks.shared.settings.experiments import ExperimentSettings, GateMetric, GateSettings
from tasks.shared.settings.failures import FailureSettings, TaxonomySettings
from tasks.shared.settings.knowledge import SyncSettings
from tasks.shared.settings.prompts import CompressSettings, OptimiseSettings, PromptSettings
from tasks.shared.settings.reports import REPORT_FORMATS, GoalSettings, ReportFormat, ReportSettings
from tasks.shared.settings.scoring import (
    PROVIDER_KINDS,
    BudgetSettings,
    CheckSettings,
    EvaluatorSettings,
    JudgeSettings,
    LabelSettings,
    LongPrice,
    Price,
    ProviderKind,
    ProviderSettings,
)
from tasks.shared.settings.section import Section, userinfo, without_password
from tasks.shared.settings.services import LakeSettings, LocalSettings, MlflowSettings, PhoenixSettings
from tasks.shared.settings.settings import LOCAL_STACK, Settings, client_environment, load_settings

__all__ = [
    "DATASET_KINDS",
    "FINE_TUNING_FORMS",
    "LOCAL_STACK",
    "PROVIDER_KINDS",
    "REPORT_FORMATS",
    "AlertRule",
    "AlertSettings",
    "AnonymiseSettings",
    "BudgetSettings",
    "ChannelName",
    "ChannelSettings",
    "CheckSettings",
    "CompressSettings",
    "CostSettings",
    "CurationSettings",
    "DatasetKind",
    "EvaluatorSettings",
    "ExperimentSettings",
    "ExportSettings",
    "FailureSettings",
    "FeedbackSettings",
    "FineTuningForm",
    "GateMetric",
    "GateSettings",
    "GoalSettings",
    "JudgeSettings",
    "LabelSettings",
    "LakeSettings",
    "LocalSettings",
    "LongPrice",
    "MlflowSettings",
    "OptimiseSettings",
    "PhoenixSettings",
    "Price",
    "PromptSettings",
    "ProviderKind",
    "ProviderSettings",
    "ReportFormat",
    "ReportSettings",
    "Section",
    "Settings",
    "SplitSettings",
    "SyncSettings",
    "TaxonomySettings",
    "TrafficBudget",
    "client_environment",
    "load_settings",
    "userinfo",
    "without_password",
]
