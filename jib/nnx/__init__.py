"""Neural-network modules that hold their variables."""

from jib.nn._activations import *
from jib.nn._normalising import *
from jib.nn.functional._pooling import *
from jib.nnx import initializers as initializers, metrics as metrics, traversals as traversals
from jib.nnx._activations import *
from jib.nnx._attention import *
from jib.nnx._compiled import *
from jib.nnx._containers import *
from jib.nnx._convolution import *
from jib.nnx._derivatives import *
from jib.nnx._errors import *
from jib.nnx._filters import *
from jib.nnx._graphs import *
from jib.nnx._linear import *
from jib.nnx._loops import *
from jib.nnx._lora import *
from jib.nnx._modules import *
from jib.nnx._normalization import *
from jib.nnx._optimizing import *
from jib.nnx._pytrees import *
from jib.nnx._random import *
from jib.nnx._recurrent import *
from jib.nnx._sharding import *
from jib.nnx._states import *
from jib.nnx._stochastic import *
from jib.nnx._summaries import *
from jib.nnx._variables import *
from jib.nnx._walks import *
from jib.nnx._weight_norms import *
from jib.nnx.initializers import Initializer as Initializer
from jib.nnx.metrics import Metric as Metric, MultiMetric as MultiMetric

__all__ = [
    "EMA", "PARTITION_NAME", "RNN", "A", "All", "Any", "AttributeKindError", "BatchNorm",
    "BatchStat", "Bidirectional", "Cache", "Carry", "Conv", "ConvTranspose", "Data", "Dict",
    "DiffState", "Dropout", "Einsum", "Embed", "Everything", "Filter", "FilterError",
    "FlatState", "GRUCell", "GraphDef", "GraphState", "GroupNorm", "Initializer",
    "InstanceNorm", "Intermediate", "LSTMCell", "LayerNorm", "Linear", "LinearGeneral", "List",
    "LoRA", "LoRALinear", "LoRAParam", "M", "Metric", "ModelAndOptimizer", "Module",
    "MultiHeadAttention", "MultiMetric", "Not", "Nothing", "Object", "OfType", "OptArray",
    "OptState", "OptVariable", "OptimizedLSTMCell", "Optimizer", "PReLU", "Param",
    "PathContains", "PathIn", "Perturbation", "Pytree", "RMSNorm", "RNNCellBase", "RngCount",
    "RngKey", "RngState", "RngStream", "RngStreamError", "Rngs", "Sequential",
    "SharedVariableError", "SimpleCell", "SpectralNorm", "State", "StateAxes", "StateError",
    "StateSharding", "TraceLevelError", "TrainState", "Variable", "VariableMetadata",
    "VariableState", "WeightNorm", "WithTag", "abstract_with_sharding", "as_abstract",
    "as_pure", "avg_pool", "backup_keys", "cached_partial", "call", "capture", "celu",
    "check_pytree", "checkify", "clone", "combine_masks", "cond", "custom_vjp", "data",
    "dataclass", "diff", "display", "dot_product_attention", "elu", "eval_shape",
    "filter_state", "filters_to_predicates", "find_duplicates", "flatten", "flip_sequences",
    "fori_loop", "fork_rngs", "from_flat_state", "gelu", "get_abstract_model",
    "get_named_sharding", "get_partition_spec", "glu", "grad", "graphdef", "hard_sigmoid",
    "hard_silu", "hard_swish", "hard_tanh", "has_data", "identity", "initializers", "is_data",
    "iter_children", "iter_graph", "iter_module_children", "iter_modules", "jit", "jit_partial",
    "jvp", "leaky_relu", "log1mexp", "log_sigmoid", "log_softmax", "logical_axis_rules",
    "logmeanexp", "logsumexp", "make_attention_mask", "make_causal_mask", "make_jaxpr", "map",
    "map_state", "max_pool", "merge", "merge_state", "metrics", "min_pool", "mish", "one_hot",
    "pmap", "pool", "pop", "pure", "recursive_map", "register_data_type",
    "register_variable_name", "relu", "relu6", "remat", "replace_by_pure_dict", "reseed",
    "restore_int_paths", "restore_rngs", "scan", "selu", "set_metadata", "shard_map", "sigmoid",
    "silu", "soft_sign", "softmax", "softplus", "sparse_plus", "sparse_sigmoid", "split",
    "split_rngs", "split_state", "squareplus", "standardize", "state", "static", "swish",
    "switch", "tabulate", "tanh", "to_flat_state", "to_predicate", "to_pure_dict",
    "transform_metadata", "traversals", "unflatten", "unpack", "update", "use_eager_sharding",
    "using_eager_sharding", "value_and_grad", "variable_name_from_type",
    "variable_type_from_name", "variables", "vars_as", "view", "view_info", "vjp", "vmap",
    "while_loop", "with_attributes", "with_metadata", "with_partitioning", "with_rngs",
    "with_vars",
]  # fmt: skip
