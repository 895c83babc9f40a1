"""The memory and the minutes that the jobs of a campaign ask for."""

from typing import Any

from edgemem.config.campaign import Campaign
from edgemem.config.settings import AbstractSetting
from edgemem.workflow import resources


class Requests:
    """What jobs ask for, by stage and by the setting, seed and model that they are of."""

    def __init__(self, campaign: Campaign):
        self._campaign = campaign

    def memory(self, stage: str, setting: str | None, seed: int | None, model: str | None, attempt: int) -> int:
        """Return megabytes."""
        if seed is None:
            settings, evaluations = self._read(setting)
            return resources.tables_memory(settings, evaluations, self._campaign.sampling.times, attempt)
        megabytes: int = getattr(resources, f"{stage}_memory")(*self._problem(stage, setting, seed, model), attempt)
        return megabytes

    def minutes(self, stage: str, setting: str | None, seed: int | None, model: str | None, attempt: int) -> int:
        """Return minutes."""
        return resources.minutes(self.seconds(stage, setting, seed, model), attempt)

    def seconds(self, stage: str, setting: str | None, seed: int | None, model: str | None) -> float:
        """Return the seconds of a job's work on one slow core, without the start of its process."""
        if seed is None:
            settings, evaluations = self._read(setting)
            return resources.tables_seconds(len(settings) * evaluations)
        seconds: float = getattr(resources, f"{stage}_seconds")(*self._problem(stage, setting, seed, model))
        return seconds

    def bytes(self, stage: str, setting: str | None, seed: int | None, model: str | None) -> float:
        """Return the bytes of what a job with a seed makes, and as many as a figure or table takes for any other."""
        if seed is None:
            return resources.TABLE
        found: float = getattr(resources, f"{stage}_bytes")(*self._problem(stage, setting, seed, model))
        return found

    def _problem(self, stage: str, setting: str | None, seed: int, model: str | None) -> tuple[Any, ...]:
        """Return what decides how much a job takes."""
        assert setting is not None
        if stage == "sample":
            return (self._campaign.setting(setting),)
        if model is None:
            return (getattr(self._campaign, f"{stage}_spec")(setting, seed),)
        trained = self._campaign.train_spec(setting, seed, model)
        if stage == "train":
            return (trained,)
        return getattr(self._campaign, f"{stage}_spec")(setting, seed, model), trained

    def _read(self, setting: str | None) -> tuple[list[AbstractSetting], int]:
        """Return the settings that a table or a figure reads, and how many evaluations of each."""
        study = self._campaign.study
        settings = [self._campaign.setting(setting)] if setting else study.settings
        return settings, len(study.seeds) * len(study.models)
