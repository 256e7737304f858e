"""Settings from a file and the command line, each refused with its place and what is allowed."""

import pytest

from harbor_fleet.config import Config, ConfigError, load_config
from harbor_fleet.training import Settings


@pytest.fixture
def toml(tmp_path):
    def written(text: str):
        path = tmp_path / "harbor.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def test_the_defaults_are_those_of_the_fit():
    assert load_config() == Config() and Config().train.settings() == Settings()


def test_the_file_then_the_command_line(toml, tmp_path):
    path = toml('[data]\nfile = "counts.csv"\n[train]\nepochs = 50\nseeds = 3\nhidden = 8\n')
    found = load_config(path, {"train.epochs": 60, "train.seed": None}, "train.hidden=16")
    assert found.train.settings() == Settings(epochs=60, members=3, hidden=16)
    assert found.data.file == str(tmp_path / "counts.csv")
    assert found.output.folder == "forecast"


def test_what_is_printed_is_read_again(toml):
    settings = load_config(None, {"data.covariates": ("tide", 'a "b"')}, "nightly.beat_naive=false")
    assert (
        load_config(toml(settings.toml())).toml().splitlines()[3:8]
        == (settings.toml().splitlines()[3:8])
    )
    assert load_config(toml(settings.toml())).nightly.beat_naive is False
    assert load_config(toml(settings.toml())).data.covariates == ("tide", 'a "b"')


WRONG = {
    "[train]\nepoch = 3": "[train] epoch: there is no such key; did you mean epochs? known are "
    "epochs, hidden, seed, seeds, learning_rate, weight_decay, huber_delta, checkpoint_every",
    "[trian]\nepochs = 3": "[trian]: there is no such section; did you mean train? known are data, "
    "train, evaluate, output, nightly",
    "train = 3": "train is a section; write its keys under [train]",
    "[train]\nepochs = 2.5": "[train] epochs: 2.5 is not a whole number",
    "[train]\nepochs = true": "[train] epochs: True is not a whole number",
    "[train]\nepochs = 0": "[train] epochs: 0 can not be; it must be at least 1 and at most 100000",
    "[train]\nlearning_rate = nan": "[train] learning_rate: nan can not be; it must be above 0.0 "
    "and at most 1.0",
    "[train]\nhuber_delta = 0.0": "[train] huber_delta: 0.0 can not be; it must be above 0.0",
    "[data]\nwindow = 90": "[data] window: 90 can not be; it must be at least 160",
    "[data]\nfile = 3": "[data] file: 3 is not text; put it in double quotes",
    "[data]\ncovariates = [1]": '[data] covariates: (1,) is not a list of texts, such as ["tide"]',
    '[nightly]\nmetric = "wap"': "[nightly] metric: 'wap': did you mean 'wape'? allowed are "
    "mape, mape10, wape, mase",
    "[nightly]\nbeat_naive = 1": "[nightly] beat_naive: 1 is neither true nor false",
    '[evaluate]\nmodels = ["Profet"]': "[evaluate] models: 'Profet': did you mean 'Prophet'? "
    "allowed are installed, seasonal naive, weekday median, GRU, LightGBM, Prophet, Prophet, tuned",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_can_not_be_is_named(text, toml):
    path = toml(text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(caught.value) == f"{path}: {WRONG[text]}"


def test_a_file_that_is_no_toml(toml, tmp_path):
    path = toml("epochs: 3")
    with pytest.raises(ConfigError, match=r"is not TOML: .*line 1"):
        load_config(path)
    with pytest.raises(ConfigError, match=r"none\.toml: can not be read \(No such file"):
        load_config(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train.epochs", "--set train.epochs: has no value; write it as --set train.epochs=50"),
        ("epochs=5", "--set epochs=5: 'epochs' is not section.key; did you mean train.epochs?"),
        ("speed=5", "--set speed=5: 'speed' is not section.key, such as train.epochs"),
        ("train.epochs=many", "--set train.epochs=many: 'many' is not a whole number"),
    ],
)
def test_the_command_line_is_checked_too(text, message):
    with pytest.raises(ConfigError) as caught:
        load_config(None, None, text)
    assert str(caught.value) == message


def test_options_are_named_as_they_were_typed():
    with pytest.raises(ConfigError, match=r"^--epochs: 0 can not be; it must be at least 1"):
        load_config(None, {"train.epochs": 0})
