"""Rows for `jib/lax/_collectives_reduce.py` and `_collectives_move.py`, over an axis of `vmap`.

A mapped axis leaves no collective in the program. Those over devices stand in tests/sharding.
"""

from jib import lax
from jib.errors import ArgumentValueError, ShapeError
from jib.transforms.vmap import vmap
from tests.harness.samples import Row, array, sample
from tests.harness.table._families import NUMBERS, REAL, wrong

__all__ = ["ROWS"]


def over_axis(function, **options):
    """The collective over an axis of length 3, of values that differ and of one that does not."""
    call = lambda x, y: function(lax.mul(lax.sin(x) if x.dtype.kind == "f" else x, y), "i")
    return lambda x, y: vmap(call, in_axes=(0, None), axis_name="i", **options)(x, y)


def members(dtypes=NUMBERS, shape=(3, 2)):
    return [
        *(sample(array(shape, d), array(shape[1:], d, 0.5)) for d in dtypes),
        sample(array((3, *shape[1:]), low=-1), array(shape[1:])),
    ]


def row(name, function, samples, **options):
    return Row(name, over_axis(function), samples, visible=False, **options)


def in_pairs(name, x):
    groups = [[0], [1]]
    return vmap(lambda y: getattr(lax, name)(y, "i", axis_index_groups=groups), axis_name="i")(x)


BAD_GROUPS = "axis_index_groups must name each of the 3 members once, but got ((0,), (1,))"


def reduction(name, dtypes):
    """A reduction, whose wrong call names groups that leave out a member."""
    public = over_axis(getattr(lax, name))

    def call(x, y):
        return in_pairs(name, x) if isinstance(y, str) else public(x, y)

    error = wrong(ArgumentValueError, BAD_GROUPS, array((3, 2)), "groups")
    return Row(name, call, members(dtypes), [error], visible=False)


SQUARE = members(shape=(3, 3, 2))

ROWS = [
    reduction("psum", NUMBERS),
    reduction("pmax", REAL),
    reduction("pmin", REAL),
    row("pvary", lax.pvary, members(), unchecked="outside of `shard_map` it does nothing"),
    row(
        "ppermute",
        lambda x, name: lax.ppermute(x, name, [(0, 1), (1, 2)]),
        members(),
        unchecked="see the sources and destinations in tests/sharding",
    ),
    row("all_gather", lax.all_gather, members(), unchecked="it takes every shape and dtype"),
    row(
        "all_to_all",
        lambda x, name: lax.all_to_all(x, name, 0, 1),
        SQUARE,
        errors=[
            wrong(
                ShapeError,
                "`all_to_all` over 3 members needs axis 0 to have length 3, but got float32[2,2]",
                *(array((3, 2, 2)), array((2, 2))),
            )
        ],
    ),
    row(
        "psum_scatter",
        lax.psum_scatter,
        SQUARE,
        errors=[
            wrong(
                ShapeError,
                "`psum_scatter` over 3 members needs axis 0 to have length 3, but got float32[2,2]",
                *(array((3, 2, 2)), array((2, 2))),
            )
        ],
    ),
    row(
        "axis_index",
        lambda x, name: lax.mul(x, lax.convert_element_type(lax.axis_index(name), x.dtype)),
        members(),
        unchecked="it takes a name only",
    ),
]
