"""Turns every float32 of torch into float64. Call patch() before importing transformers or peft.

Transformers casts to float32 in its norms, softmaxes, rotary tables and loss. Those casts name torch.float32,
torch.float or Tensor.float, so rebinding the names makes the same model code compute in float64 throughout; NoFloat32
proves that it did.
"""
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

REAL_FLOAT32 = torch.float32


def patch():
    torch.storage._dtype_to_storage_type_map()  # cached by torch: torch.save and torch.load go on seeing the true names
    torch.storage._storage_type_to_dtype_map()
    torch.set_default_dtype(torch.float64)
    torch.float32 = torch.float = torch.float64
    torch.FloatTensor = torch.DoubleTensor
    torch.Tensor.float = torch.Tensor.double
    torch.nn.Module.float = torch.nn.Module.double


class NoFloat32(TorchDispatchMode):
    """Raises when an operation makes a float32 (or half precision) tensor."""

    ALLOWED = {torch.float64, torch.int64, torch.int32, torch.bool, torch.uint8}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for value in tree_iter(out):
            if isinstance(value, torch.Tensor) and value.dtype not in self.ALLOWED:
                raise RuntimeError(f"{func} made a tensor of dtype {value.dtype} in the float64 run")
        return out
