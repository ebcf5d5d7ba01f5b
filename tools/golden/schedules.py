"""Writes tests/golden/data/schedules.json: the learning rates of steps as Transformers, torch and Axolotl have them.

    pip install --no-deps axolotl==0.19.0
    python tools/golden/schedules.py > tests/golden/data/schedules.json

Each case is run as a trainer runs it: the rate is read, then the schedule makes a step. Rates of every third step are kept.
"""

import importlib.util
import json
import sys
import warnings
from pathlib import Path

import torch
from torch.optim.lr_scheduler import OneCycleLR
from transformers import get_scheduler

PEAK = 2e-4
RUNS = [(0, 20), (2, 7), (10, 100), (7, 61), (30, 40)]  # warm-up and all steps
STRIDE = 3


def axolotl():
    file = next(path for folder in sys.path if (path := Path(folder) / "axolotl/utils/schedulers.py").exists())
    spec = importlib.util.spec_from_file_location("schedulers", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


AXOLOTL = axolotl()


def named(name, **kwargs):
    return {"lr_scheduler": name, "lr_scheduler_kwargs": kwargs}, lambda optimizer, warmup, total: get_scheduler(
        name, optimizer, warmup, total, kwargs)


def one_cycle(**kwargs):
    def make(optimizer, warmup, total):
        arguments = {"pct_start": warmup / total, "anneal_strategy": "cos"} | kwargs
        return OneCycleLR(optimizer, max_lr=PEAK, total_steps=total, **arguments)

    return {"lr_scheduler": "one_cycle", "lr_scheduler_kwargs": kwargs}, make


def rex(ratio):
    keys = {"lr_scheduler": "rex"} | ({"cosine_min_lr_ratio": ratio} if ratio else {})
    return keys, lambda optimizer, warmup, total: AXOLOTL.RexLR(
        optimizer=optimizer, max_lr=PEAK, min_lr=PEAK * ratio, total_steps=total, num_warmup_steps=warmup)


def cosine(make, **keys):
    return {"lr_scheduler": "cosine"} | keys, make


def jagged(inner, restart, warmup_steps, anneal, least=None):
    keys, make = inner
    keys = keys | {"jagged_restart_steps": restart, "jagged_restart_warmup_steps": warmup_steps,
                   "jagged_restart_anneal_steps": anneal}
    if least:
        keys |= {"cosine_min_lr_ratio": least}
    return keys, lambda optimizer, warmup, total: AXOLOTL.JaggedLRRestartScheduler(
        optimizer, make(optimizer, warmup, total), restart, warmup_steps, anneal, min_lr_scale=least or 0.001)


def floor(optimizer, warmup, total):
    return AXOLOTL.get_cosine_schedule_with_min_lr(optimizer, warmup, total, min_lr_ratio=0.1)


CASES = [
    named("constant"), named("constant_with_warmup"), named("linear"), named("cosine"), named("cosine", num_cycles=1.25),
    named("cosine_with_restarts"), named("cosine_with_restarts", num_cycles=3),
    named("cosine_with_min_lr", min_lr=3e-5), named("cosine_with_min_lr", min_lr_rate=0.2, num_cycles=0.75),
    named("cosine_warmup_with_min_lr", min_lr_rate=0.1),
    named("cosine_warmup_with_min_lr", min_lr=1e-5, warmup_lr_rate=0.25),
    named("polynomial"), named("polynomial", lr_end=1e-6, power=2.5),
    named("inverse_sqrt"), named("inverse_sqrt", timescale=50),
    named("warmup_stable_decay", num_decay_steps=4),
    named("warmup_stable_decay", num_decay_steps=3, num_stable_steps=2, warmup_type="cosine", decay_type="linear",
          min_lr_ratio=0.1),
    named("warmup_stable_decay", num_decay_steps=5, warmup_type="1-sqrt", decay_type="1-sqrt"),
    one_cycle(), one_cycle(pct_start=0.3, div_factor=10, final_div_factor=100, anneal_strategy="linear"),
    rex(0), rex(0.1),
    cosine(lambda o, w, t: AXOLOTL.get_cosine_schedule_with_quadratic_warmup(o, w, t), lr_quadratic_warmup=True),
    cosine(floor, cosine_min_lr_ratio=0.1),
    cosine(lambda o, w, t: AXOLOTL.get_cosine_schedule_with_warmup_decay_constant(
        o, w, t, constant_lr_ratio=0.8, min_lr_ratio=0.1), cosine_min_lr_ratio=0.1, cosine_constant_lr_ratio=0.8),
    jagged(named("cosine"), 12, 3, 2), jagged(named("linear"), 5, 10, 1), jagged(rex(0), 9, 4, 3),
    jagged(cosine(floor), 12, 3, 2, 0.1),
]


def rates(make, warmup, total):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    schedule = make(optimizer, warmup, total)
    seen = []
    for _ in range(total):
        seen.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if len(seen) < total:  # torch's one cycle refuses a step behind the last
            schedule.step()
    return seen[::STRIDE]


def plateau():
    """What an evaluation after each of twenty steps does."""
    kwargs = {"factor": 0.5, "patience": 1, "cooldown": 2, "threshold": 0.01, "min_lr": 2e-5}
    losses = [3.0, 2.5, 2.49, 2.48, 2.47, 2.4, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 1.0, 1.0, 1.0]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    schedule = get_scheduler("reduce_lr_on_plateau", optimizer, scheduler_specific_kwargs=kwargs)
    seen = []
    for loss in losses:
        schedule.step(loss)
        seen.append(float(optimizer.param_groups[0]["lr"]))
    return {"options": {"lr_scheduler": "reduce_lr_on_plateau", "lr_scheduler_kwargs": kwargs}, "losses": losses, "rates": seen}


warnings.simplefilter("ignore")
cases = [{"options": keys, "warmup": warmup, "total": total, "rates": rates(make, warmup, total)}
         for keys, make in CASES for warmup, total in RUNS]
print(json.dumps({"peak": PEAK, "cases": cases, "plateau": plateau()}))
