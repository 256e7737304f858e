"""Transformations and what combines them, under the names of `jib.optim`."""

from jib.optim._base import (
    GradientTransformation as GradientTransformation,
    GradientTransformationExtraArgs as GradientTransformationExtraArgs,
    identity as identity,
    set_to_zero as set_to_zero,
    stateless as stateless,
    stateless_with_tree_map as stateless_with_tree_map,
    with_extra_args_support as with_extra_args_support,
)
from jib.optim._clipping import *
from jib.optim._combining import *
from jib.optim._hyper import *
from jib.optim._injecting import *
from jib.optim._moments import *
from jib.optim._scaling import *
from jib.optim._squares import *
from jib.optim._transforms import *
from jib.optim._wrappers import *

__all__ = [
    "AdaptiveGradClipState", "AddDecayedWeightsState", "AddNoiseState", "ApplyEvery",
    "ApplyIfFiniteState", "ClipByGlobalNormState", "ClipState", "ConditionFn",
    "ConditionallyMaskState", "ConditionallyTransformState", "DynamicLossScaleState", "EmaState",
    "FactoredState", "GradientTransformation", "GradientTransformationExtraArgs",
    "HyperparameterError", "InjectHyperparamsState", "InjectStatefulHyperparamsState",
    "LookaheadParams", "LookaheadState", "LossScale", "MaskedNode", "MaskedState", "MonitorState",
    "MultiSteps", "MultiStepsState", "MultiTransformState", "NonNegativeParamsState",
    "PartitionState", "Policy", "ScaleByAdaDeltaState", "ScaleByAdamState", "ScaleByAdanState",
    "ScaleByAmsgradState", "ScaleByBeliefState", "ScaleByDistanceOverGradientsState",
    "ScaleByLionState", "ScaleByNovogradState", "ScaleByOptimisticGradientState",
    "ScaleByRStdDevState", "ScaleByRStdDevWithCountState", "ScaleByRmsState",
    "ScaleByRmsWithCountState", "ScaleByRpropState", "ScaleByRssState", "ScaleBySM3State",
    "ScaleByScheduleState", "ScaleByTrustRatioState", "ScaleState", "ShouldSkipUpdateFunction",
    "SnapshotState", "TraceState", "WeightDecaySchedule", "WrappedSchedule", "WrappedScheduleState",
    "ZeroNansState", "adaptive_grad_clip", "add_decayed_weights", "add_noise", "apply_every",
    "apply_if_finite", "centralize", "chain", "clip", "clip_by_block_rms", "clip_by_global_norm",
    "conditionally_mask", "conditionally_transform", "dynamic_loss_scale", "ema", "flatten",
    "freeze", "get_hyper", "hyperparameters", "identity", "inject_hyperparams",
    "inject_stateful_hyperparams", "keep_params_nonnegative", "lookahead", "masked",
    "measure_with_ema", "monitor", "multi_transform", "named_chain", "normalize_by_update_norm",
    "partition", "per_example_global_norm_clip", "per_example_layer_norm_clip", "scale",
    "scale_by_adadelta", "scale_by_adam", "scale_by_adamax", "scale_by_adan", "scale_by_amsgrad",
    "scale_by_belief", "scale_by_distance_over_gradients", "scale_by_factored_rms",
    "scale_by_learning_rate", "scale_by_lion", "scale_by_novograd", "scale_by_optimistic_gradient",
    "scale_by_param_block_norm", "scale_by_param_block_rms", "scale_by_polyak", "scale_by_radam",
    "scale_by_rms", "scale_by_rprop", "scale_by_rss", "scale_by_schedule", "scale_by_sign",
    "scale_by_sm3", "scale_by_stddev", "scale_by_trust_ratio", "scale_by_yogi",
    "selective_transform", "set_to_zero", "skip_large_updates", "skip_not_finite", "snapshot",
    "stateless", "stateless_with_tree_map", "static_loss_scale", "trace", "unitwise_clip",
    "unitwise_norm", "with_extra_args_support", "with_hyper", "zero_nans",
]  # fmt: skip
