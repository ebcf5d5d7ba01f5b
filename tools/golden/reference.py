#!/usr/bin/env python3
"""Writes what Transformers computes on a checkpoint as an eft-reference-1 safetensors file.

  reference.py MODEL --out FILE [--adapter DIR] [--batch 3 --seq 19 --seed 1 | --input-ids FILE.json] [--pad]
               [--no-grads] [--no-logits] [--steps 10 --lr 2e-3 ...] [--store float64|float32] [--float32-only]
  reference.py MODEL --out FILE [--adapter DIR] --noise-only

Truth is computed in float64 (see double.py); Transformers' own float32 and bfloat16 runs are measured against it and
their distance goes into the metadata as f32_noise and bf16_noise, that of each gradient as f32_gradient_noise and
bf16_gradient_noise. --noise-only measures again against the truth that FILE holds. --float32-only writes the float32 run itself, for
models too large for float64. FILE.json holds {"input_ids": [[…]], "labels": [[…]]} and perhaps
"attention_mask". Each run is a process of its own, because the float64 one patches torch before Transformers is imported.
"""
import argparse
import contextlib
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("PYTHONWARNINGS", "ignore::FutureWarning")

import torch  # noqa: E402  (the environment has to be set first)

from double import REAL_FLOAT32, NoFloat32, patch  # noqa: E402

# A gradient whose norm is below this share of the largest one is zero in exact arithmetic (see docs/fidelity.md).
ZERO_SHARE = 1e-10
DTYPES = {"float64": torch.float64, "float32": REAL_FLOAT32, "bfloat16": torch.bfloat16}


def random_batch(vocab, batch, seq, seed, pad):
    """Random ids; the first tokens of each row and a few others bear no loss; one id is the pad id on purpose."""
    rng = torch.Generator().manual_seed(seed)
    ids = torch.randint(3, vocab, (batch, seq), generator=rng)
    ids[:, 0] = 2
    ids[-1, seq // 2] = 0
    labels = ids.clone()
    for row in range(batch):
        labels[row, : 2 + row] = -100
    labels[torch.rand(ids.shape, generator=rng) < 0.1] = -100
    out = {"input_ids": ids, "labels": labels}
    if pad:
        mask = torch.ones_like(ids)
        for row in range(batch):
            mask[row, seq - 3 * row:] = 0
        ids[mask == 0] = 0
        labels[mask == 0] = -100
        out["attention_mask"] = mask
    return out


def with_images(batch, config, places, seed):
    """Puts images into a random batch, each at [row, first column] of `places`, in order, with the ids that Gemma 3's
    processor puts around them, and gives it their pixels and token types. No id of an image bears loss."""
    rng = torch.Generator().manual_seed(seed)
    ids, labels = batch["input_ids"], batch["labels"]
    soft, count = config.image_token_index, config.mm_tokens_per_image
    for row, column in places:
        block = torch.tensor([config.boi_token_index] + count * [soft] + [config.eoi_token_index])
        ids[row, column: column + len(block)] = block
        labels[row, column: column + len(block)] = -100
    side = config.vision_config.image_size
    pixels = torch.rand((len(places), 3, side, side), generator=rng) * 2 - 1
    return batch | {"pixel_values": pixels, "token_type_ids": (ids == soft).long()}


def architecture(config):
    import transformers

    return getattr(transformers, config.architectures[0])


def build_model(job, dtype):
    """The model of a job. The float64 process takes its weights from the file the float32 process left."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(job["model"])
    eager = {"attn_implementation": "eager", "experts_implementation": "eager"}
    if job["dtype"] == "float64":
        model = architecture(config)._from_config(config, dtype=torch.float64, **eager)
    else:
        model, info = architecture(config).from_pretrained(
            job["model"], dtype=dtype, output_loading_info=True, **eager)
        if info["missing_keys"] or info["unexpected_keys"] or info["mismatched_keys"]:
            raise SystemExit(f"{job['model']}: does not load cleanly: {info}")
    base = model
    if job["adapter"]:
        from peft import PeftConfig, PeftModel, get_peft_model

        if job["dtype"] == "float64":
            lora = PeftConfig.from_pretrained(job["adapter"])
            lora.inference_mode = False
            model = get_peft_model(model, lora)
        else:
            model = PeftModel.from_pretrained(model, job["adapter"], is_trainable=True, autocast_adapter_dtype=False)
            model = model.to(dtype)
    if job["dtype"] == "float64":
        state = torch.load(job["state"])
        model.load_state_dict(state, strict=True)
        model = model.to(torch.float64)
        check_constants(model)
    base.config.use_cache = False
    model.eval()  # no dropout; nothing else in these models looks at the mode
    return model, base


def check_constants(model):
    """The unsaved buffers too must hold float64 values, not float32 ones that were widened."""
    for name, buffer in model.named_buffers():
        if not name.endswith("inv_freq") or buffer.ndim != 1 or "original" in name:
            continue
        values = buffer[buffer != 0]
        if values.numel() > 2:
            ratio = values[1:] / values[:-1]
            if (ratio / ratio[0] - 1).abs().max() > 1e-13:
                raise SystemExit(f"{name} is not exact to float64: {values}")
    for module in model.modules():
        scale = getattr(module, "embed_scale", None)
        if isinstance(scale, torch.Tensor) and abs(scale.item() ** 2 - round(scale.item() ** 2)) > 1e-12:
            raise SystemExit(f"embed_scale is not exact to float64: {scale.item()!r}")


def checkpoint_names(model, base, adapter):
    """In-memory parameter name -> name on disk."""
    if adapter:
        return {name: name.replace(".modules_to_save.default.", ".").replace(".default.", ".")
                for name, p in model.named_parameters() if p.requires_grad}
    from transformers.core_model_loading import revert_weight_conversion

    names = {}
    for name, parameter in model.named_parameters():
        (names[name],) = revert_weight_conversion(base, {name: parameter.detach()})
    return names


def names_on_disk(folder, adapter):
    from safetensors import safe_open

    folder = pathlib.Path(adapter or folder)
    files = [folder / "adapter_model.safetensors"] if adapter else folder.glob("*.safetensors")
    names = set()
    for file in files:
        if file.name.startswith(("model", "adapter_model")):
            with safe_open(file, framework="pt") as tensors:
                names |= set(tensors.keys())
    return names


def work(job_file):
    """One run in one dtype: reads the job, writes its tensors with torch.save."""
    job = json.loads(pathlib.Path(job_file).read_text())
    if job["dtype"] == "float64":
        patch()
    torch.manual_seed(0)
    model, base = build_model(job, DTYPES[job["dtype"]])
    batch = torch.load(job["batch"])
    if job["dtype"] == "float64":
        batch = {k: v.double() if v.is_floating_point() else v for k, v in batch.items()}
    out = {}
    if job["save_state"]:
        torch.save({k: v.double() if v.is_floating_point() else v for k, v in model.state_dict().items()}, job["state"])
        out["names"] = checkpoint_names(model, base, job["adapter"])
        strangers = set(out["names"].values()) - names_on_disk(job["model"], job["adapter"])
        if strangers:
            raise SystemExit(f"names that the checkpoint does not have: {sorted(strangers)}")
    guard = NoFloat32() if job["dtype"] == "float64" else contextlib.nullcontext()
    with guard:
        out.update(run(model, batch, job))
    torch.save(out, job["result"])


def run(model, batch, job):
    out = {}
    with torch.set_grad_enabled(job["grads"]):
        result = model(**batch, use_cache=False)
    out["loss"] = result.loss.detach().double()
    if job["logits"]:
        out["logits"] = result.logits.detach().double()
    if job["grads"]:
        result.loss.backward()
        out["grads"] = {n: p.grad.detach() for n, p in model.named_parameters() if p.grad is not None}
    del result
    if job["steps"] and job["dtype"] != "bfloat16":
        o = job["optimizer"]
        optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=o["lr"], betas=o["betas"],
                                      eps=o["eps"], weight_decay=o["weight_decay"], foreach=False)
        losses = []
        for _ in range(job["steps"]):
            optimizer.zero_grad(set_to_none=True)  # the gradients above stay as they are
            loss = model(**batch, use_cache=False).loss
            losses.append(loss.item())
            loss.backward()
            optimizer.step()
        out["losses"] = torch.tensor(losses, dtype=torch.float64)
    return out


def relative(a, b):
    return abs(a - b) / abs(b) if b else abs(a - b)


def gradient_noise(run, truth, names):
    """Name on disk -> [distance, cosine] of a run's gradients, in the measures of `eft check`: |run - truth| / |truth| and
    the cosine of their angle. For gradients that are zero in exact arithmetic, [|run| / the largest norm, null]."""
    norms = {name: grad.double().norm().item() for name, grad in truth.items()}
    largest = max(norms.values())
    out = {}
    for name, grad in truth.items():
        got, wanted = run[name].double(), grad.double()
        delta = (got - wanted).norm().item()
        if norms[name] <= ZERO_SHARE * largest:
            out[names[name]] = [delta / largest if largest else delta, None]
        else:
            length = got.norm().item()
            out[names[name]] = [delta / norms[name], (got * wanted).sum().item() / (length * norms[name]) if length else 0]
    return out


def distance(run, truth):
    """How far a run is from the truth but for its gradients, in the measures of `eft check`."""
    out = {"loss": relative(run["loss"].item(), truth["loss"].item())}
    if "logits" in truth:
        delta = (run["logits"] - truth["logits"]).abs().max()
        out["logits"] = (delta / truth["logits"].abs().max()).item()
    if "losses" in truth and "losses" in run:
        out["losses_worst"] = max(map(relative, run["losses"].tolist(), truth["losses"].tolist()))
    return out


def noise(prefix, run, truth, names):
    """The metadata of one run's distances."""
    out = {f"{prefix}_noise": json.dumps(distance(run, truth))}
    if "grads" in truth:
        found = {name: [float(f"{distance:.4g}"), cosine and float(f"{cosine:.6g}")]
                 for name, (distance, cosine) in gradient_noise(run["grads"], truth["grads"], names).items()}
        out[f"{prefix}_gradient_noise"] = json.dumps(found)
    return out


def measure_noise(model, out, adapter=None):
    """Measures Transformers' float32 and bfloat16 runs against the truth that the file `out` holds, and writes that."""
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    stored = load_file(out)
    with safe_open(out, framework="pt") as file:
        metadata = file.metadata()
    batch = {k: stored[k] for k in ("input_ids", "labels", "attention_mask", "pixel_values", "token_type_ids")
             if k in stored}
    truth = {k: stored[k].double() for k in ("loss", "logits", "losses") if k in stored}
    grads = {k.removeprefix("grad."): v for k, v in stored.items() if k.startswith("grad.")}
    words = dict(word.split("=") for word in metadata.get("optimizer", "").split()[1:])
    optimizer = {"lr": float(words.get("lr", 0)), "betas": [float(x) for x in words.get("betas", "0,0").split(",")],
                 "eps": float(words.get("eps", 1)), "weight_decay": float(words.get("weight_decay", 0))}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        torch.save(batch, folder / "batch.pt")
        job = {"model": str(model), "adapter": str(adapter) if adapter else None, "batch": str(folder / "batch.pt"),
               "state": str(folder / "state.pt"), "grads": bool(grads), "logits": "logits" in truth,
               "steps": len(truth.get("losses", ())), "optimizer": optimizer}
        single = launch(job | {"dtype": "float32", "save_state": True}, folder)
        half = launch(job | {"dtype": "bfloat16", "save_state": False}, folder)
    names = single["names"]
    if grads:
        truth["grads"] = {memory: grads[disk] for memory, disk in names.items() if disk in grads}
    if metadata["truth"] != "float32":
        metadata |= noise("f32", single, truth, names)
    metadata |= noise("bf16", half, truth, names)
    save_file(stored, out, metadata)
    return metadata


def launch(job, folder):
    job = dict(job, result=str(folder / f"{job['dtype']}.pt"))
    path = folder / f"{job['dtype']}.json"
    path.write_text(json.dumps(job))
    subprocess.run([sys.executable, __file__, "--work", str(path)], check=True)
    return torch.load(job["result"])


def write(path, batch, truth, names, metadata, store):
    from safetensors.torch import save_file

    dtype = DTYPES[store]
    tensors = {k: v.contiguous() for k, v in batch.items()}
    tensors["loss"] = truth["loss"].reshape(1).to(dtype)
    if "logits" in truth:
        tensors["logits"] = truth["logits"].to(dtype)
    for name, grad in truth.get("grads", {}).items():
        tensors[f"grad.{names[name]}"] = grad.to(dtype)
    if "losses" in truth:
        tensors["losses"] = truth["losses"].to(dtype)
    save_file({k: v.contiguous() for k, v in tensors.items()}, path, metadata)


def make_reference(model, out, *, adapter=None, batch, steps=10, lr=2e-3, betas=(0.9, 0.999), eps=1e-8,
                   weight_decay=0.01, grads=True, logits=True, store="float64", float32_only=False, bf16=True):
    """Runs every precision and writes the file; returns the metadata."""
    import peft
    import transformers

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        torch.save(batch, folder / "batch.pt")
        job = {"model": str(model), "adapter": str(adapter) if adapter else None, "batch": str(folder / "batch.pt"),
               "state": str(folder / "state.pt"), "grads": grads, "logits": logits, "steps": steps,
               "optimizer": {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}}
        single = launch(job | {"dtype": "float32", "save_state": True}, folder)
        names, truth, metadata = single["names"], single, {"format": "eft-reference-1"}
        if not float32_only:
            truth = launch(job | {"dtype": "float64", "save_state": False}, folder)
            metadata |= noise("f32", single, truth, names)
            del single
        if bf16:
            half = launch(job | {"dtype": "bfloat16", "save_state": False}, folder)
            metadata |= noise("bf16", half, truth, names)
    metadata["truth"] = "float32" if float32_only else "float64"
    if steps:
        metadata["optimizer"] = (f"adamw lr={lr:g} betas={betas[0]:g},{betas[1]:g} eps={eps:g} "
                                 f"weight_decay={weight_decay:g}")
    versions = {"torch": torch, "transformers": transformers, "peft": peft}
    metadata["made_with"] = ", ".join(f"{name} {module.__version__}" for name, module in versions.items())
    if not math.isfinite(truth["loss"].item()):
        raise SystemExit(f"{model}: the loss is {truth['loss'].item()}")
    write(out, batch, truth, names, metadata, store)
    return metadata | {"loss": truth["loss"].item()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--out", required=True)
    parser.add_argument("--adapter")
    parser.add_argument("--batch", type=int, default=3)
    parser.add_argument("--seq", type=int, default=19)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pad", action="store_true", help="pad the later rows on the right and give an attention mask")
    parser.add_argument("--input-ids", help="JSON file with input_ids and labels instead of random ones")
    parser.add_argument("--grads", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--logits", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--store", choices=["float64", "float32"], default="float64")
    parser.add_argument("--float32-only", action="store_true")
    parser.add_argument("--noise-only", action="store_true")
    o = parser.parse_args()
    if o.noise_only:
        print(json.dumps(measure_noise(o.model, o.out, o.adapter), indent=1))
        return
    if o.input_ids:
        batch = {k: torch.tensor(v) for k, v in json.loads(pathlib.Path(o.input_ids).read_text()).items()}
    else:
        config = json.loads((pathlib.Path(o.model) / "config.json").read_text())
        vocab = config.get("text_config", config)["vocab_size"]
        batch = random_batch(vocab, o.batch, o.seq, o.seed, o.pad)
    metadata = make_reference(o.model, o.out, adapter=o.adapter, batch=batch, steps=o.steps, lr=o.lr,
                              weight_decay=o.weight_decay, grads=o.grads, logits=o.logits, bf16=o.bf16,
                              store="float32" if o.float32_only else o.store, float32_only=o.float32_only)
    print(json.dumps(metadata, indent=1))


if __name__ == "__main__":
    work(sys.argv[2]) if sys.argv[1:2] == ["--work"] else main()
