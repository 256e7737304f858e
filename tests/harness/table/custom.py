"""Rows for functions with derivatives of their own, `checkpoint`, callbacks and placement."""

from unittest import mock

import numpy as np

from jib import lax
from jib.backend.ffi import ensure_lapack
from jib.backend.meshes import make_mesh
from jib.backend.shardings import NamedSharding
from jib.core.avals import ShapedArray, ShapeDtypeStruct
from jib.custom_batching import sequential_vmap
from jib.errors import ShapeError
from jib.ffi import ffi_call
from jib.lax._callbacks import callback_p
from jib.sharding._partition_spec import PartitionSpec
from jib.transforms import checkify
from jib.transforms.closures import linear_call
from jib.transforms.custom_jvp import custom_jvp
from jib.transforms.custom_vjp import custom_vjp
from jib.transforms.linear import vjp
from jib.transforms.remat import checkpoint, checkpoint_name
from jib.transforms.shard_map import shard_map
from tests.harness.samples import Row, array, sample
from tests.harness.table._families import singles, wrong

__all__ = ["ROWS"]

ANY_CALL = "what a call accepts is up to the function"


@custom_jvp
def cubed(x, y):
    return lax.mul(lax.integer_pow(x, 3), y)


@cubed.defjvp
def cubed_rule(primals, tangents):
    (x, y), (dx, dy) = primals, tangents
    along = lax.mul(dx, lax.mul(lax.mul(lax.integer_pow(x, 2), y), 3.0))
    return cubed(x, y), lax.add(along, lax.mul(dy, lax.integer_pow(x, 3)))


@custom_vjp
def product(x, y):
    return lax.mul(lax.sin(x), y)


def product_forward(x, y):
    return product(x, y), (x, y)


def product_backward(kept, ct):
    x, y = kept
    return lax.mul(ct, lax.mul(lax.cos(x), y)), lax.mul(ct, lax.sin(x))


product.defvjp(product_forward, product_backward)


def gradient_inside(x, y):
    """A program that holds the rule of a `custom_vjp` function, applied backwards."""
    out, pull = vjp(product, x, y)
    return pull(out)


def remembered(x, y):
    def inner(x, y):
        kept = checkpoint_name(lax.sin(x), "kept")
        return lax.mul(lax.sin(kept), y)

    return checkpoint(inner)(x, y)


def doubled(x):
    return [np.asarray(x * 2, x.dtype)]


def on_host(x):
    return callback_p.bind(x, function=doubled, results=(ShapedArray(x.shape, x.dtype),),
                           effect=None, method="sequential")  # fmt: skip


def watched(x):
    # Places are numbered as they are met; here the number must not depend on other tests.
    with mock.patch.object(checkify, "_codes", {}):
        checkify.debug_check(lax.reduce_and(lax.lt(lax.abs(x), 1e3), range(x.ndim)), "{}", x)
    return lax.mul(x, x)


def factored(x):
    """LAPACK's Cholesky factor of a diagonal matrix, through the foreign function interface."""
    ensure_lapack()
    results = (ShapeDtypeStruct((3, 3), x.dtype), ShapeDtypeStruct((), "int32"))
    matrix = lax.mul(lax.broadcast_in_dim(x, (3, 3), (0,)), np.eye(3, dtype=x.dtype))
    call = ffi_call("lapack_spotrf_ffi", results, vmap_method="sequential")
    return call(matrix, uplo=np.uint8(ord("L")))[0]


def spread(x):
    mesh = make_mesh((1,), ("x",))
    return lax.with_sharding_constraint(lax.mul(x, x), NamedSharding(mesh, PartitionSpec()))


def sharded(x, y):
    mesh, spec = make_mesh((1,), ("x",)), PartitionSpec()
    return shard_map(lambda a, b: lax.mul(lax.sin(a), b), mesh=mesh, in_specs=(spec, spec),
                     out_specs=spec)(x, y)  # fmt: skip


def divided(a, b):
    """`b / a`, as the solution of an equation."""
    a = lax.add(a, 3.0)
    times = lambda x: lax.mul(a, x)
    return lax.custom_linear_solve(times, b, lambda _, b: lax.div(b, a), symmetric=True)


def cube_root(a, guess):
    a = lax.add(lax.mul(a, a), 1.0)
    return lax.custom_root(
        lambda x: lax.sub(lax.integer_pow(x, 3), a),
        guess,
        lambda f, x: lax.cbrt(a),
        lambda g, y: lax.div(y, g(lax.full_like(y, 1.0))),
    )


def called(x):
    return linear_call(lax.mul, lax.mul, 3.0, x)


def one_by_one(x, y):
    return sequential_vmap(lambda x, y: lax.mul(lax.sin(x), y))(x, y)


def two(**options):
    return [
        sample(array((2, 3)), array((2, 3), low=-1), **options),
        sample(array(()), array((), low=-1), **options),
        sample(array((0,)), array((0,)), **options),
    ]


ROWS = [
    Row("custom_jvp_call", cubed, two(), unchecked=ANY_CALL),
    Row("custom_vjp_call", product, two(order=0), unchecked=ANY_CALL),
    Row(
        "linear_solve",
        divided,
        two(),
        [
            wrong(
                ShapeError,
                "`matvec` must return what it is given, float32[], but returned float32[2]",
                *(array((2,)), array(())),
            )
        ],
    ),
    Row("root", cube_root, two(backwards=False), unchecked=ANY_CALL),
    Row("linear_call", called, singles(("float32",)), unchecked=ANY_CALL),
    Row("custom_vmap_call", one_by_one, two(), unchecked=ANY_CALL),
    Row("custom_vjp_linear", gradient_inside, two(order=0), unchecked=ANY_CALL, visible=False),
    Row("checkpoint", remembered, two(), unchecked=ANY_CALL),
    Row("name", remembered, two(), unchecked="every array can have a name"),
    Row(
        "ffi_call",
        factored,
        [sample(array((3,), low=1), order=0)],
        unchecked="what a call accepts is up to the target",
    ),
    Row(
        "callback",
        on_host,
        [sample(array((2, 3), d), order=0) for d in ("float32", "int32", "bool")],
        unchecked=ANY_CALL,
    ),
    Row("check", watched, singles(("float32",)), unchecked="what is formatted is up to the user"),
    Row(
        "sharding_constraint",
        spread,
        [sample(array((2, 3))), sample(array((2,), "int32"))],
        unchecked="tests/sharding8 tries shardings that do not fit",
        visible=False,  # over one device there is nothing to ask for
    ),
    Row("shard_map", sharded, two(), unchecked="tests/sharding8 tries specs that do not fit"),
]
