"""Writes tests/golden/data/optimizers.json: what torch's optimizers make of one parameter in float64, step by step.

    python tools/golden/optimizers.py > tests/golden/data/optimizers.json
"""

import json

import torch

STEPS = 4
SIZE = 5
RATES = [0.1, 0.1, 0.05, 0.02]  # as a schedule changes them

# Kind, options under eft's keys, torch's optimizer, and the steps in which there is no gradient.
CASES = [
    ("sgd", {}, lambda p: torch.optim.SGD(p), []),
    ("sgd", {"weight_decay": 0.3}, lambda p: torch.optim.SGD(p, weight_decay=0.3), []),
    ("sgd", {"momentum": 0.9}, lambda p: torch.optim.SGD(p, momentum=0.9), []),
    ("sgd", {"momentum": 0.8, "dampening": 0.4, "weight_decay": 0.1},
     lambda p: torch.optim.SGD(p, momentum=0.8, dampening=0.4, weight_decay=0.1), [0, 2]),
    ("sgd", {"momentum": 0.7, "nesterov": True, "weight_decay": 0.2},
     lambda p: torch.optim.SGD(p, momentum=0.7, nesterov=True, weight_decay=0.2), []),
    ("adamw", {}, lambda p: torch.optim.AdamW(p, weight_decay=0), []),
    ("adamw", {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3, "weight_decay": 0.2},
     lambda p: torch.optim.AdamW(p, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.2), []),
]


def run(kind, options, make, without):
    generator = torch.Generator().manual_seed(7)
    draw = lambda: torch.randn(SIZE, generator=generator, dtype=torch.float64)
    parameter = torch.nn.Parameter(draw())
    case = {"kind": kind, "options": options, "start": parameter.tolist(), "steps": []}
    optimizer = make([parameter])
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = RATES[step]
        parameter.grad = None if step in without else draw()
        optimizer.step()
        case["steps"].append({"learning_rate": RATES[step],
                              "gradient": None if parameter.grad is None else parameter.grad.tolist(),
                              "value": parameter.tolist()})
    return case


print(json.dumps([run(*case) for case in CASES], indent=1))
