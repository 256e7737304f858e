"""Streams of random keys: each call of a stream gives a key that it has not given before."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from jib import dtypes, errors, numpy as jnp, random, tree
from jib.nn import initializers
from jib.nnx._errors import RngStreamError
from jib.nnx._filters import Filter, to_predicate
from jib.nnx._graphs import recursive_map
from jib.nnx._pytrees import Pytree
from jib.nnx._structure import is_root
from jib.nnx._variables import RngCount, RngKey
from jib.nnx._walks import iter_graph
from jib.typing import Array

__all__ = [
    "RngStream", "Rngs", "backup_keys", "fork_rngs", "reseed", "restore_rngs", "split_rngs",
    "with_rngs",
]  # fmt: skip

_SAMPLERS = (
    "ball", "bernoulli", "beta", "binomial", "bits", "categorical", "cauchy", "chisquare", "choice",
    "dirichlet", "double_sided_maxwell", "exponential", "f", "gamma", "generalized_normal",
    "geometric", "gumbel", "laplace", "loggamma", "logistic", "lognormal", "maxwell", "multinomial",
    "multivariate_normal", "normal", "orthogonal", "pareto", "permutation", "poisson", "rademacher",
    "randint", "rayleigh", "t", "triangular", "truncated_normal", "uniform", "wald", "weibull_min",
)  # fmt: skip
_INITIALIZERS = (
    "delta_orthogonal", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform",
    "kaiming_normal", "kaiming_uniform", "lecun_normal", "lecun_uniform", "variance_scaling",
    "xavier_normal", "xavier_uniform",
)  # fmt: skip


def _sampler(function: Callable) -> Callable:
    @functools.wraps(function)
    def sample(self: Any, *args: Any, **kwargs: Any) -> Any:
        return function(self(), *args, **kwargs)

    return sample


def _initializer(make: Callable) -> Callable:
    @functools.wraps(make)
    def method(self: Any, *args: Any, **kwargs: Any) -> Callable:
        initialize = make(*args, **kwargs)
        return lambda *a, **k: initialize(self(), *a, **k)

    return method


class _Samplers(Pytree):
    """Every sampler of `jib.random` and every random initializer, with the key of a stream."""


for _name in _SAMPLERS:
    setattr(_Samplers, _name, _sampler(getattr(random, _name)))
for _name in _INITIALIZERS:
    setattr(_Samplers, _name, _initializer(getattr(initializers, _name)))


def _as_key(key: Any) -> Any:
    if isinstance(key, int):
        return random.key(key)
    if isinstance(key, Array):
        if dtypes.issubdtype(key.dtype, dtypes.prng_key):
            return key
        if key.dtype == jnp.uint32:
            return random.wrap_key_data(key)
        if key.ndim == 0 and dtypes.issubdtype(key.dtype, jnp.integer):
            return random.key(key)
    raise errors.ArgumentValueError(
        f"a stream of random keys starts from a seed or a key; got {key!r}",
        help="nnx.Rngs(0)   or   nnx.Rngs(jib.random.key(0))",
    )


class RngStream(_Samplers):
    """A stream of random keys.

    Args:
        key: a seed, or a key; an array of keys makes a stream of such arrays.
        tag: the name of the stream.

    Calling it gives `fold_in(key, count)` and counts on. It has the samplers of `jib.random`:
    `stream.normal((2,))`.

    Example:
        >>> from jib import nnx
        >>> stream = nnx.Rngs(0).params
        >>> bool(stream() == stream())
        False
    """

    def __init__(self, key: Any, *, tag: str) -> None:
        key = _as_key(key)
        self.tag = tag
        self.key = RngKey(key, tag=tag)
        self.count = RngCount(jnp.zeros(key.shape, jnp.uint32), tag=tag)

    def __call__(self) -> Any:
        count = self.count
        count._check_can_update()
        if count.shape:
            raise errors.ArgumentValueError(
                f"the stream `{self.tag}` was split: it holds keys of shape {count.shape}, for the "
                "members of a map, and cannot give one",
                help=[
                    "nnx.vmap(f)(model, x)   gives each member its key",
                    "nnx.restore_rngs(backups)   after   backups = nnx.split_rngs(model, splits=n)",
                    "nnx.reseed(model, policy=lambda path, key, shape: key, "
                    f"{self.tag}=0)   one key again",
                ],
            )
        key = random.fold_in(self.key[...], count[...])
        count[...] += 1
        return key

    def split(self, k: int | tuple[int, ...]) -> RngStream:
        """A stream of arrays of `k` keys, all different."""
        return type(self)(random.split(self(), k), tag=self.tag)

    def fork(self, *, split: int | tuple[int, ...] | None = None) -> RngStream:
        """A new stream that starts from the next key of this one."""
        return type(self)(self(), tag=self.tag) if split is None else self.split(split)

    def broadcast(self, k: int | tuple[int, ...]) -> RngStream:
        """A stream of arrays of `k` keys, all equal."""
        key = self()
        shape = (k,) if isinstance(k, int) else tuple(k)
        return type(self)(jnp.broadcast_to(key, shape + key.shape), tag=self.tag)


class Rngs(_Samplers):
    """Named streams of random keys.

    Args:
        default: seed or key of the stream that stands in for those not named; or a mapping.
        **rngs: seeds or keys by name.

    `rngs.params()` gives the next key of the stream `params`, or of `default`; `rngs()` of
    `default`.

    Raises:
        RngStreamError: for a name that is not there, when there is no `default`.

    Example:
        >>> from jib import nnx
        >>> rngs = nnx.Rngs(0, dropout=1)
        >>> rngs.dropout.normal((2,)).shape, rngs.normal((3,)).shape
        ((2,), (3,))
    """

    def __init__(self, default: Any = None, **rngs: Any) -> None:
        if isinstance(default, Mapping):
            rngs = {**default, **rngs}
        elif isinstance(default, Rngs):
            rngs = {**dict(default.items()), **rngs}
        elif default is not None:
            rngs["default"] = default
        for tag, key in rngs.items():
            key = key.key.get_value() if isinstance(key, RngStream) else key
            setattr(self, tag, RngStream(key, tag=tag))

    def _stream(self, name: str) -> RngStream:
        streams = vars(self)
        found = streams.get(name) or streams.get("default")
        if found is None:
            known = ", ".join(streams) or "none"
            raise RngStreamError(
                f"there is no stream of random keys named `{name}` and none named `default`; "
                f"streams: {known}",
                help=[f"nnx.Rngs(0)   or   nnx.Rngs({name}=0)"],
            )
        return found

    def __getitem__(self, name: str) -> RngStream:
        return self._stream(name)

    def __getattr__(self, name: str) -> RngStream:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._stream(name)

    def __call__(self) -> Any:
        return self._stream("default")()

    def __iter__(self) -> Iterator[str]:
        return iter(vars(self))

    def __len__(self) -> int:
        return len(vars(self))

    def __contains__(self, name: Any) -> bool:
        return name in vars(self)

    def items(self) -> Iterator[tuple[str, RngStream]]:
        """Names and streams."""
        return iter(vars(self).items())

    def _each(self, how: Any, method: str, otherwise: Callable[[RngStream], Any]) -> Rngs:
        """New streams by the first filter of `how` that takes each."""
        table = how if isinstance(how, Mapping) else {...: how}
        rules = [(to_predicate(f), k) for f, k in table.items()]
        streams = {}
        for name, stream in self.items():
            k = next((k for predicate, k in rules if predicate((), stream)), None)
            streams[name] = otherwise(stream) if k is None else getattr(stream, method)(k)
        return Rngs(**streams)

    def split(self, k: Mapping[Filter, Any] | int | tuple[int, ...]) -> Rngs:
        """Streams of arrays of keys; `k` is their shape, or shapes by filter.

        Example:
            >>> from jib import nnx
            >>> nnx.Rngs(params=0, dropout=1).split({"params": 5, ...: None}).params.key.shape
            (5,)
        """
        return self._each(k, "split", lambda stream: stream)

    def broadcast(self, k: Any) -> Rngs:
        """Streams of arrays of equal keys; see `split`."""
        return self._each(k, "broadcast", lambda stream: stream)

    def fork(self, /, *, split: Any = None) -> Rngs:
        """New streams, each from the next key of one of these."""
        return self._each(split, "split", RngStream.fork)


class _SplitBackups(Sequence):
    """What streams were before; as a `with` block it puts them back at the end."""

    def __init__(self, backups: Iterable[tuple]) -> None:
        self.backups = list(backups)

    def __getitem__(self, index: Any) -> Any:
        return self.backups[index]

    def __len__(self) -> int:
        return len(self.backups)

    def __enter__(self) -> _SplitBackups:
        return self

    def __exit__(self, *error: Any) -> None:
        restore_rngs(self)


def restore_rngs(backups: Iterable[tuple], /) -> None:
    """Put streams back as they were before `split_rngs` or `fork_rngs`."""
    for stream, key, *count in backups:
        stream.key.set_value(key)
        if count:
            stream.count.set_value(count[0])


def _streams(node: Any, predicate: Callable) -> Iterator[tuple[tuple, RngStream]]:
    for path, x in iter_graph(node):
        if isinstance(x, RngStream) and predicate((*path, "key"), x.key):
            yield path, x


def _for_the_call(change: Callable[[Any], _SplitBackups]) -> Callable:
    """A decorator: the streams among the arguments are changed while the function runs."""

    def decorate(f: Callable) -> Callable:
        @functools.wraps(f)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with change((args, kwargs)):
                return f(*args, **kwargs)

        return wrapper

    return decorate


def split_rngs(
    node: Any = None,
    /,
    *,
    splits: int | tuple[int, ...],
    only: Filter = ...,
    squeeze: bool = False,
    graph: bool | None = None,
    graph_updates: bool | None = None,
) -> Any:
    """Replace the streams in a module by streams of arrays of keys, for `vmap` and `scan`.

    Args:
        node: what holds the streams; without it, a decorator that acts on the arguments for the
            time of the call.
        splits: how many keys.
        only: which streams, by a filter of their keys, as the name of a stream.
        squeeze: with `splits=1`, new keys without a dimension.

    Returns:
        What they were before, for `restore_rngs`, or to be used in a `with` block.

    Example:
        >>> from jib import nnx
        >>> rngs = nnx.Rngs(params=0, dropout=1)
        >>> with nnx.split_rngs(rngs, splits=3, only="params"):
        ...     rngs.params.key.shape, rngs.dropout.key.shape
        ((3,), ())
    """
    if node is None:
        return _for_the_call(lambda x: split_rngs(x, splits=splits, only=only, squeeze=squeeze))
    if squeeze and splits != 1:
        raise errors.ArgumentValueError(
            f"squeeze=True takes away a dimension of length 1, but splits={splits!r}",
            help="nnx.split_rngs(rngs, splits=1, squeeze=True)",
        )
    shape = (splits,) if isinstance(splits, int) else tuple(splits)
    backups = []
    for _, stream in _streams(node, to_predicate(only)):
        key = random.split(stream(), shape)
        count = stream.count[...]
        backups.append((stream, stream.key[...], count))
        stream.key.set_value(key[0] if squeeze else key)
        counts = count.shape if squeeze else (*shape, *count.shape)
        stream.count.set_value(jnp.zeros(counts, jnp.uint32))
    return _SplitBackups(backups)


def fork_rngs(
    node: Any = None,
    /,
    *,
    split: Any = None,
    graph: bool | None = None,
    graph_updates: bool | None = None,
) -> Any:
    """Replace the streams in a module by new ones that start from their next keys; `split` is the
    shape of their keys, or shapes by filter. See `split_rngs`."""
    if node is None:
        return _for_the_call(lambda x: fork_rngs(x, split=split))
    table = split if isinstance(split, Mapping) else {...: split}
    backups = []
    for filter, k in table.items():
        done = {id(b[0]) for b in backups}
        for _, stream in _streams(node, to_predicate(filter)):
            if id(stream) not in done:
                forked = stream.fork(split=k)
                backups.append((stream, stream.key[...], stream.count[...]))
                stream.key.set_value(forked.key.get_value())
                stream.count.set_value(forked.count.get_value())
    return _SplitBackups(backups)


def with_rngs(
    node: Any = None,
    /,
    *,
    split: Any = None,
    fork: Any = None,
    broadcast: Any = None,
    only: Filter = True,
    graph: bool | None = None,
    graph_updates: bool | None = None,
) -> Any:
    """A copy of a module whose streams are split, forked or broadcast, by filter; without a module,
    a decorator that does so to the arguments."""
    if node is None:

        def decorate(f: Callable) -> Callable:
            @functools.wraps(f)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                changed = with_rngs(
                    (args, kwargs), split=split, fork=fork, broadcast=broadcast, only=only
                )
                return f(*changed[0], **changed[1])

            return wrapper

        return decorate
    rules = [("split", f, k) for f, k in _table(split)]
    rules += [("broadcast", f, k) for f, k in _table(broadcast)]
    if fork is not None:
        rules += [("fork", f, None) for f in (fork if isinstance(fork, list | tuple) else [fork])]
    wanted = to_predicate(only)

    def changed(path: tuple, x: Any) -> Any:
        if isinstance(x, RngStream) and wanted((*path, "key"), x.key):
            for method, filter, k in rules:
                if to_predicate(filter)((*path, "key"), x.key):
                    return getattr(x, method)(*(() if method == "fork" else (k,)))
        return x

    return _in_containers(changed, node)


def _in_containers(f: Callable, node: Any) -> Any:
    leaves, structure = tree.flatten(node, is_leaf=is_root)
    changed = [recursive_map(f, x) if is_root(x) else x for x in leaves]
    return structure.unflatten(changed)


def _table(given: Any) -> list[tuple[Filter, Any]]:
    if given is None:
        return []
    return list(given.items()) if isinstance(given, Mapping) else [(..., given)]


def backup_keys(node: Any, /, *, graph: bool | None = None) -> list[tuple]:
    """The streams in a module with their keys, for `restore_rngs`."""
    return [(stream, stream.key[...]) for _, stream in _streams(node, to_predicate(...))]


def reseed(
    node: Any, /, *, graph: bool | None = None, policy: Any = "scalars_only", **stream_keys: Any
) -> None:
    """Start streams of a module anew: `nnx.reseed(model, dropout=1)`.

    Args:
        node: the module.
        policy: for streams of arrays of keys: "scalars_only" raises, "match_shape" splits, or a
            function `(path, key, shape)` that gives the keys.
        **stream_keys: seeds or keys by the name of the stream.
    """
    rngs = Rngs(**stream_keys)
    for path, stream in _streams(node, to_predicate(...)):
        if stream.tag not in stream_keys:
            continue
        key: Any = rngs[stream.tag]()
        shape = stream.key.shape
        if callable(policy):
            key = policy(path, key, shape)
        elif shape and policy != "match_shape":
            raise errors.ArgumentValueError(
                f"the stream `{stream.tag}` holds keys of shape {shape}: one key cannot reseed it",
                help="nnx.reseed(model, policy='match_shape', dropout=1)",
            )
        elif shape:
            key = random.split(key, shape)
        stream.key.set_value(key)
        stream.count.set_value(jnp.zeros(key.shape, jnp.uint32))
