"""Functions of trees of arrays: `optim.tree.norm(gradients)`, `tree.get(state, "count")`."""

from jib.optim._tree_paths import (
    tree_get as get,
    tree_get_all_with_path as get_all_with_path,
    tree_map_params as map_params,
    tree_set as set,
)
from jib.optim._trees import (
    tree_add as add,
    tree_add_scale as add_scale,
    tree_allclose as allclose,
    tree_batch_shape as batch_shape,
    tree_bias_correction as bias_correction,
    tree_cast as cast,
    tree_cast_like as cast_like,
    tree_clip as clip,
    tree_conj as conj,
    tree_div as div,
    tree_dtype as dtype,
    tree_full_like as full_like,
    tree_max as max,
    tree_min as min,
    tree_mul as mul,
    tree_norm as norm,
    tree_ones_like as ones_like,
    tree_random_like as random_like,
    tree_real as real,
    tree_scale as scale,
    tree_size as size,
    tree_split_key_like as split_key_like,
    tree_sub as sub,
    tree_sum as sum,
    tree_unwrap_random_key_data as unwrap_random_key_data,
    tree_update_infinity_moment as update_infinity_moment,
    tree_update_moment as update_moment,
    tree_update_moment_per_elem_norm as update_moment_per_elem_norm,
    tree_vdot as vdot,
    tree_where as where,
    tree_zeros_like as zeros_like,
)

__all__ = [
    "add", "add_scale", "allclose", "batch_shape", "bias_correction", "cast", "cast_like",
    "clip", "conj", "div", "dtype", "full_like", "get", "get_all_with_path", "map_params",
    "max", "min", "mul", "norm", "ones_like", "random_like", "real", "scale", "set", "size",
    "split_key_like", "sub", "sum", "unwrap_random_key_data", "update_infinity_moment",
    "update_moment", "update_moment_per_elem_norm", "vdot", "where", "zeros_like",
]  # fmt: skip
