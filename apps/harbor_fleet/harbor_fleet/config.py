"""What a person may choose: a TOML file, then the command line, each value checked."""

import dataclasses
import difflib
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from harbor_fleet.evaluation import EVERY_MODEL
from harbor_fleet.panel import MINIMUM_DAYS, WINDOW
from harbor_fleet.training import Settings

__all__ = [
    "AUTOMATIC",
    "Config",
    "ConfigError",
    "Data",
    "Evaluate",
    "Nightly",
    "Output",
    "Train",
    "load_config",
]

METRICS = ("mape", "mape10", "wape", "mase")
AUTOMATIC = "installed"  # `evaluate.models`: all whose packages are there


class ConfigError(ValueError):
    """A setting that can not be used; the message names the place, the key and what is allowed."""


def _setting(default: Any, says: str, **limits: Any) -> Any:
    """A field with what it means, and limits: `least`, `most`, `above`, `of`."""
    metadata = {"says": says, **limits}
    if isinstance(default, tuple):
        return field(default_factory=lambda: default, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Data:
    """Where the counts come from."""

    file: str = _setting("", "csv, csv.gz or parquet; empty for twenty Chicago 'L' stations")
    covariates: tuple[str, ...] = _setting((), "numeric columns that are known in advance")
    window: int = _setting(WINDOW, "days of history used; 548 is 18 months", least=MINIMUM_DAYS)


@dataclass(frozen=True)
class Train:
    """The fit."""

    epochs: int = _setting(200, "passes over the depots", least=1, most=100_000)
    hidden: int = _setting(32, "width of the two GRU layers", least=1, most=4096)
    seed: int = _setting(0, "same seed, same forecast", least=0, most=2**31 - 1)
    seeds: int = _setting(1, "networks whose forecasts are averaged", least=1, most=100)
    learning_rate: float = _setting(
        3e-3, "AdamW's, at the start of its cosine", above=0.0, most=1.0
    )
    weight_decay: float = _setting(1e-3, "AdamW's", least=0.0, most=1.0)
    huber_delta: float = _setting(0.2, "where the loss turns from square to straight", above=0.0)
    checkpoint_every: int = _setting(10, "epochs between two checkpoints", least=1)

    def settings(self) -> Settings:
        """As `fit` takes them."""
        same = {name: getattr(self, name) for name in Settings._fields if name != "members"}
        return Settings(**same, members=self.seeds)


@dataclass(frozen=True)
class Evaluate:
    """The comparison."""

    models: tuple[str, ...] = _setting(
        (AUTOMATIC,), "models side by side", of=(AUTOMATIC, *EVERY_MODEL)
    )


@dataclass(frozen=True)
class Output:
    """Where results go."""

    folder: str = _setting("forecast", "the folder for results")


@dataclass(frozen=True)
class Nightly:
    """The nightly run."""

    published: str = _setting("published", "the folder of published models")
    metric: str = _setting("wape", "what decides whether a model is worse", of=METRICS)
    tolerance: float = _setting(2.0, "per cent by which the metric may rise", least=0.0, most=100.0)
    beat_naive: bool = _setting(True, "refuse a model that is worse than repeating last week")
    keep: int = _setting(7, "published models to keep", least=1)


@dataclass(frozen=True)
class Config:
    """Every setting; `load_config` makes one."""

    data: Data = field(default_factory=Data)
    train: Train = field(default_factory=Train)
    evaluate: Evaluate = field(default_factory=Evaluate)
    output: Output = field(default_factory=Output)
    nightly: Nightly = field(default_factory=Nightly)

    def toml(self) -> str:
        """This configuration as a file that `--config` reads, every key explained.

        >>> print(Config().toml().splitlines()[1])
        file = ""  # csv, csv.gz or parquet; empty for twenty Chicago 'L' stations
        """
        lines = []
        for section in fields(self):
            lines += ["", f"[{section.name}]"]
            values = getattr(self, section.name)
            lines += [
                f"{key.name} = {_literal(getattr(values, key.name))}  # {key.metadata['says']}"
                for key in fields(values)
            ]
        return "\n".join(lines[1:])


def load_config(
    path: Path | None = None, overrides: dict[str, Any] | None = None, *texts: str
) -> Config:
    """The settings of the TOML file at `path`, then `overrides` by `section.key` (None is not
    given), then `texts` such as `train.epochs=50`. Paths in the file start from its folder.

    Raises `ConfigError`.
    """
    config = Config()
    if path is not None:
        config = _from_file(config, path)
    for name, value in (overrides or {}).items():
        if value is not None:
            config = _with(config, f"--{name.rpartition('.')[2]}", name, value)
    for text in texts:
        name, equals, written = text.partition("=")
        where = f"--set {text}"
        if not equals:
            raise ConfigError(f"{where}: has no value; write it as --set train.epochs=50")
        config = _with(config, where, name.strip(), _parsed(written.strip()))
    return config


def _from_file(config: Config, path: Path) -> Config:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: can not be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not TOML: {error}") from error
    sections = [section.name for section in fields(config)]
    for section, keys in table.items():
        if section not in sections:
            raise ConfigError(f"{path}: {_unknown(f'[{section}]', 'section', section, sections)}")
        if not isinstance(keys, dict):
            raise ConfigError(f"{path}: {section} is a section; write its keys under [{section}]")
        for key, value in keys.items():
            config = _with(config, str(path), f"{section}.{key}", value)
    home = path.parent
    return dataclasses.replace(
        config,
        data=_beside(config.data, "file", home, "file" in table.get("data", {})),
        output=_beside(config.output, "folder", home, "folder" in table.get("output", {})),
        nightly=_beside(config.nightly, "published", home, "published" in table.get("nightly", {})),
    )


def _beside(section: Any, key: str, home: Path, given: bool) -> Any:
    """`section` with a path that was written in a file of the folder `home`."""
    written = getattr(section, key)
    return (
        dataclasses.replace(section, **{key: str(home / written)}) if given and written else section
    )


def _with(config: Config, where: str, name: str, value: Any) -> Config:
    """`config` with one value, checked; `where` opens the message."""
    section, dot, key = name.partition(".")
    sections = [each.name for each in fields(config)]
    if not dot:
        owners = [each for each in sections if name in _keys(getattr(config, each))]
        hint = f"; did you mean {owners[0]}.{name}?" if owners else ", such as train.epochs"
        raise ConfigError(f"{where}: {name!r} is not section.key{hint}")
    if section not in sections:
        raise ConfigError(f"{where}: {_unknown(f'[{section}]', 'section', section, sections)}")
    values = getattr(config, section)
    known = {each.name: each for each in fields(values)}
    if key not in known:
        raise ConfigError(f"{where}: {_unknown(f'[{section}] {key}', 'key', key, list(known))}")
    place = where if where.startswith("--") else f"{where}: [{section}] {key}"
    checked = _checked(place, getattr(values, key), value, known[key].metadata)
    changed = dataclasses.replace(values, **{key: checked})
    return dataclasses.replace(config, **{section: changed})


def _keys(section: Any) -> list[str]:
    return [each.name for each in fields(section)]


def _unknown(place: str, what: str, name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    guess = f"did you mean {near[0]}? " if near else ""
    return f"{place}: there is no such {what}; {guess}known are {', '.join(known)}"


def _checked(place: str, default: Any, value: Any, limits: Any) -> Any:
    """`value` in the type of `default`, within `limits`."""
    if isinstance(default, tuple):
        value = tuple([value] if isinstance(value, str) else value) if _listed(value) else value
        if not isinstance(value, tuple) or not all(isinstance(each, str) for each in value):
            raise ConfigError(f'{place}: {value!r} is not a list of texts, such as ["tide"]')
        for each in value:
            _check_choice(place, each, limits)
        return value
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise ConfigError(f"{place}: {value!r} is neither true nor false")
    elif isinstance(default, str):
        if not isinstance(value, str):
            raise ConfigError(f"{place}: {value!r} is not text; put it in double quotes")
        _check_choice(place, value, limits)
    else:
        whole = isinstance(default, int)
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            raise ConfigError(f"{place}: {value!r} is not a {'whole ' if whole else ''}number")
        _check_range(place, value, limits)
        value = value if whole else float(value)
    return value


def _listed(value: Any) -> bool:
    return isinstance(value, (str, list, tuple))


def _check_choice(place: str, value: str, limits: Any) -> None:
    allowed = limits.get("of")
    if allowed and value not in allowed:
        near = difflib.get_close_matches(value, allowed, n=1, cutoff=0.4)
        guess = f"did you mean {near[0]!r}? " if near else ""
        raise ConfigError(f"{place}: {value!r}: {guess}allowed are {', '.join(allowed)}")


def _check_range(place: str, value: float, limits: Any) -> None:
    least, most, above = (limits.get(name) for name in ("least", "most", "above"))
    low = (
        f"at least {least}" if least is not None else f"above {above}" if above is not None else ""
    )
    high = f"at most {most}" if most is not None else ""
    fits = (
        (least is None or value >= least)
        and (above is None or value > above)
        and (most is None or value <= most)
        and value == value
    )
    if not fits:
        allowed = " and ".join(part for part in (low, high) if part)
        raise ConfigError(f"{place}: {value} can not be; it must be {allowed}")


def _parsed(written: str) -> Any:
    """A value of the command line: TOML where it is some, else text."""
    try:
        return tomllib.loads(f"value = {written}")["value"]
    except tomllib.TOMLDecodeError:
        return written


def _literal(value: Any) -> str:
    """`value` as TOML writes it."""
    if isinstance(value, tuple):
        return f"[{', '.join(_literal(each) for each in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)
