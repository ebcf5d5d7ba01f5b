"""Writes tests/golden/data/optimizers.json: what the library that owns each optimizer makes of one parameter, step by step.

    pip install --no-deps bitsandbytes==0.50.2 torchao==0.18.0 pytorch_optimizer==4.1.0 came-pytorch==0.1.3 \
        schedulefree==1.4.1 torch-optimi axolotl==0.19.0 axolotl-contribs-mit==0.0.6
    python tools/golden/optimizers.py > tests/golden/data/optimizers.json

In float64 where the library has it. Optimizers whose state is in codes are float32 and need a large tensor: of those the
values are made by formula() on both sides, and every 61st is kept. bitsandbytes' backend for the CPU rounds states by a table
of 65,536 entries, its kernels for GPUs to the nearest code: here its own update runs with its own exact rounding.
"""

import contextlib
import importlib.util
import json
import math
import sys
import types
from pathlib import Path

import torch

STEPS = 10
RATES = [0.1, 0.1, 0.05, 0.02, 0.1, 0.03, 0.01, 0.05, 0.02, 0.01]  # as a schedule changes them
LARGE = 4096 + 256
STRIDE = 61


def formula(i, step):
    """Element i of a gradient, or of the start (step 0), over some decades."""
    return math.sin(i * 0.7311 + step * 1.37) ** 3 * math.exp(2 * math.cos(i * 0.3 + step))


def load(path):
    """A module of Axolotl by its file, without importing the package."""
    base = types.ModuleType("axolotl.integrations.base")
    base.BaseOptimizerFactory = object
    sys.modules["axolotl.integrations.base"] = base
    file = next(Path(folder) / path for folder in sys.path if (Path(folder) / path).exists())
    spec = importlib.util.spec_from_file_location(Path(path).stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def adamw(p, **options):
    return torch.optim.AdamW(p, **options)


def optimi(p, **options):
    from optimi import AdamW

    return AdamW(p, foreach=False, **options)


def bitsandbytes_8bit(name):
    import bitsandbytes
    from bitsandbytes.backends.cpu import ops

    def exact(values, code, scales, codes, block):
        absmax = torch.stack([part.abs().max() for part in values.reshape(-1).split(block)])
        scaled = values / absmax.repeat_interleave(block)[: values.numel()].clamp(min=1e-38)
        codes.copy_((scaled.unsqueeze(-1) - code).abs().argmin(-1))
        scales.copy_(absmax)

    ops._quant_blockwise_fp32_direct = exact
    return getattr(bitsandbytes.optim, name)


def adamw_8bit(p, **options):
    return bitsandbytes_8bit("AdamW8bit")(p, **options)


def torchao_8bit(p, **options):
    torch.compile = lambda function, **_: function
    from torchao.optim import AdamW8bit

    return AdamW8bit(p, **options)


def lion_8bit(p, **options):
    return bitsandbytes_8bit("Lion8bit")(p, betas=(0.9, 0.999), **options)


def lion(p, **options):
    from pytorch_optimizer import Lion

    return Lion(p, betas=(0.9, 0.999), weight_decouple=True, **options)


def adafactor(p, **options):
    from transformers.optimization import Adafactor

    return Adafactor(p, scale_parameter=False, relative_step=False, **options)


def came(p, **options):
    from came_pytorch import CAME

    return CAME(p, **options)


def adopt(p, **options):
    return load("axolotl/utils/optimizers/adopt.py").ADOPT(p, decouple=True, foreach=False, **options)


def schedule_free(p, **options):
    from schedulefree import AdamWScheduleFreeReference

    optimizer = AdamWScheduleFreeReference(p, **options)
    optimizer.train()
    return optimizer


def muon(p, others=False, lr=None, weight_decay=0.0, **options):
    """Axolotl's, in float64 throughout. `others`: the part that is AdamW."""
    torch.compile = lambda function, **_: function
    torch.Tensor.bfloat16 = lambda self: self
    Muon = load("axolotl/contribs/mit/muon/muon.py").Muon
    return Muon(lr=lr, wd=weight_decay, muon_params=[] if others else p, adamw_params=p if others else [], **options)


# Kind, options under the keys of a run, shape of the parameter, what makes the optimizer with which arguments, the steps without
# a gradient, and the name of the parameter where it matters.
CASES = [
    ("sgd", {}, [5], torch.optim.SGD, {}, []),
    ("sgd", {"weight_decay": 0.3}, [5], torch.optim.SGD, {"weight_decay": 0.3}, []),
    ("sgd", {"optim_args": {"momentum": 0.9}}, [5], torch.optim.SGD, {"momentum": 0.9}, []),
    ("sgd", {"optim_args": {"momentum": 0.8, "dampening": 0.4}, "weight_decay": 0.1}, [5], torch.optim.SGD,
     {"momentum": 0.8, "dampening": 0.4, "weight_decay": 0.1}, [0, 2]),
    ("sgd", {"optim_args": {"momentum": 0.7, "nesterov": True}, "weight_decay": 0.2}, [5], torch.optim.SGD,
     {"momentum": 0.7, "nesterov": True, "weight_decay": 0.2}, []),
    ("adamw_torch_fused", {}, [5], adamw, {"weight_decay": 0}, []),
    ("adamw_torch_fused", {"adam_beta1": 0.8, "adam_beta2": 0.95, "adam_epsilon": 1e-3, "weight_decay": 0.2}, [5], adamw,
     {"betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.2}, []),
    ("optimi_adamw", {"weight_decay": 0.2}, [5], optimi, {"weight_decay": 0.2}, []),
    ("adafactor", {"weight_decay": 0.2}, [5, 3], adafactor, {"weight_decay": 0.2}, []),
    ("adafactor", {}, [2, 3, 4], adafactor, {}, []),
    ("adafactor", {}, [5], adafactor, {}, []),
    ("lion_32bit", {"weight_decay": 0.2}, [5], lion, {"weight_decay": 0.2}, []),
    ("came_pytorch", {"weight_decay": 0.2}, [5, 3], came, {"weight_decay": 0.2}, []),
    ("came_pytorch", {"adam_beta1": 0.8, "adam_beta2": 0.95, "adam_beta3": 0.97, "adam_epsilon": 1e-6, "adam_epsilon2": 1e-5,
                      "optim_args": {"clip_threshold": 0.5}}, [5], came,
     {"betas": (0.8, 0.95, 0.97), "eps": (1e-6, 1e-5), "clip_threshold": 0.5}, []),
    ("came_pytorch", {}, [2, 3, 4], came, {}, []),
    ("adopt_adamw", {"weight_decay": 0.2}, [5], adopt, {"weight_decay": 0.2}, []),
    ("schedule_free_adamw", {"weight_decay": 0.2, "adam_beta2": 0.99}, [5], schedule_free,
     {"weight_decay": 0.2, "betas": (0.9, 0.99)}, []),
    ("schedule_free_adamw", {"optim_args": {"r": 0.5, "weight_lr_power": 1}}, [5], schedule_free,
     {"r": 0.5, "weight_lr_power": 1}, []),
    ("muon", {"weight_decay": 0.2}, [3, 5], muon, {"weight_decay": 0.2}, []),
    ("muon", {"optim_args": {"momentum": 0.8, "nesterov": False, "ns_steps": 3}}, [5, 3], muon,
     {"momentum": 0.8, "nesterov": False, "ns_steps": 3}, []),
    ("muon", {"weight_decay": 0.2}, [5, 3], muon, {"others": True, "weight_decay": 0.2}, [], "model.embed_tokens.weight"),
    ("muon", {"adam_beta1": 0.9, "adam_beta2": 0.99, "adam_epsilon": 1e-3}, [5], muon,
     {"others": True, "adamw_betas": (0.9, 0.99), "adamw_eps": 1e-3}, []),
    ("lion_8bit", {"weight_decay": 0.2}, [LARGE + 77], lion_8bit, {"weight_decay": 0.2}, []),
    ("adamw_bnb_8bit", {"weight_decay": 0.2}, [LARGE + 77], adamw_8bit, {"weight_decay": 0.2}, []),
    ("adamw_torch_8bit", {"adam_beta2": 0.95, "weight_decay": 0.2}, [LARGE], torchao_8bit,
     {"betas": (0.9, 0.95), "weight_decay": 0.2}, []),
]


def state_of(optimizer, parameter):
    """Codes and scales of the two moments, where the optimizer has them."""
    state = optimizer.state[parameter]
    if "absmax1" in state:
        kept = {"first_codes": state["state1"], "first_scales": state["absmax1"]}
        if "absmax2" in state:
            kept |= {"second_codes": state["state2"], "second_scales": state["absmax2"]}
    else:
        kept = {"first_codes": state["exp_avg"].codes, "first_scales": state["exp_avg"].scale,
                "second_codes": state["exp_avg_sq"].codes, "second_scales": state["exp_avg_sq"].scale}
    return {name: tensor.tolist()[:: 7 if name.endswith("codes") else 1] for name, tensor in kept.items()}


def set_rate(optimizer, rate):
    for group in optimizer.param_groups:
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


def run(kind, options, shape, make, arguments, without, name="w"):
    generator = torch.Generator().manual_seed(7)
    large = math.prod(shape) >= 4096

    def draw(step):
        if large:
            return torch.tensor([formula(i, step) for i in range(math.prod(shape))], dtype=torch.float32).reshape(shape)
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    parameter = torch.nn.Parameter(draw(0))
    case = {"kind": kind, "options": options, "name": name, "shape": shape, "steps": []}
    if not large:
        case["start"] = parameter.flatten().tolist()
    optimizer = make([parameter], lr=RATES[0], **arguments)
    for step in range(STEPS):
        set_rate(optimizer, RATES[step])
        parameter.grad = None if step in without else draw(step + 1)
        entry = {"learning_rate": RATES[step]}
        if not large:
            entry["gradient"] = None if parameter.grad is None else parameter.grad.flatten().tolist()
        optimizer.step()
        entry["value"] = parameter.flatten().tolist()[:: STRIDE if large else 1]
        case["steps"].append(entry)
    if large:
        case["state"] = state_of(optimizer, parameter)
    return case


with contextlib.redirect_stdout(sys.stderr):  # libraries greet when they are imported
    cases = [run(*case) for case in CASES]
print(json.dumps(cases))
