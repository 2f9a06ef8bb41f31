"""Tell which darknet a network `.cfg` is for: pjreddie's, or AlexeyAB's fork, which knows more words.

Sources: src/parser.c and src/activations.c of pjreddie/darknet f6afaabc and AlexeyAB/darknet 59596d78. The
words below are all that the fork's parser reads and pjreddie's parser reads in no section. For such a key,
pjreddie's only prints "Unused field".
"""

from __future__ import annotations

import re

_KEYS = """
    adversarial_lr antialiasing assisted_excitation atoms attention augment_speed
    badlabels_rejection_percentage beta_nms bin_output blur bottleneck burnin_update cbn cls_normalizer
    contrastive contrastive_color contrastive_jit_flip contrastive_neg_max coordconv counters_per_class cutmix
    delta_normalizer dets_for_show dets_for_track dilation dont_update dropblock dropblock_size_abs
    dropblock_size_rel dynamic_minibatch ema_alpha embedding_layer equidistant_point focal_loss gaussian_noise
    grad_centr group_id history_size iou_loss iou_normalizer iou_thresh iou_thresh_kind label_smooth_eps
    learning_rate_min letter_box loss_scale lstm_activation max_chart_loss max_delta maxpool_depth
    maxpool_zero_nonmax mixup mosaic mosaic_bound new_coords nms_kind num_sigmas_reject_badlabels
    obj_normalizer objectness_smooth optimized_memory out_channels peephole resize resize_step rotate scale_wh
    scale_x_y seq_scales sequential_subdivisions sgdr_cycle sgdr_mult share_index show_details
    show_receptive_field sim_thresh state_constrain stream stretch stretch_sway stride_x stride_y sway
    time_normalizer track track_ciou_norm track_history_size train_only_bn try_fix_nan uc_normalizer
    unsupervised use_cuda_graph wait_stream weights_normalization weights_reject_freq weights_type
    workspace_size_limit_MB yolo_layer yolo_point
"""
_SECTIONS = (
    "Gaussian_yolo contrastive conv_lstm empty history implicit local_avg local_avgpool reorg3d sam "
    "scale_channels silence"
)
_ACTIVATIONS = "gelu hard_mish mish relu6 revleaky swish"

KEYS, SECTIONS, ACTIVATIONS = (frozenset(words.split()) for words in (_KEYS, _SECTIONS, _ACTIVATIONS))


def word_of_the_fork(kind: str, values: dict[str, str]) -> str:
    """Return the first word of a section [kind] that only AlexeyAB's fork knows, as written; "" if none."""
    if kind in SECTIONS:
        return f"[{kind}]"
    for key, value in values.items():
        own = key == "activation" and (value in ACTIVATIONS or bool(re.match("normalize_channels", value)))
        if own or key in KEYS:
            return f"{key}={value}"
    return ""
