#!/usr/bin/env python3
"""Draws small awkward image files and writes what Transformers' processor makes of them: pictures.py OUT

Into OUT go the files and pictures.json. For each file that is read: the size as decoded, a sum over the decoded levels
(Σ level·(1 + index mod 251), modulo 2³²) and the same over the levels after Gemma 3's resize to 37 × 37 and a bicubic one
to 45 × 29, and for some the crops of pan and scan. Needs torchvision and Pillow beside the packages of README.md.
"""
import io
import json
import pathlib
import sys

import numpy as np
import torch
from PIL import Image
from torchvision.io import ImageReadMode, decode_image
from torchvision.transforms.v2 import InterpolationMode, functional


def drawing(width, height, channels, seed=0):
    """Gradients, a disc and some noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for c in range(channels):
        plane = (x * (5 + 3 * c) + y * (7 - 2 * c)) % 256
        disc = (x - width / 2) ** 2 + (y - height / 2) ** 2 < (min(width, height) / 3) ** 2
        plane = np.where(disc, 255 - plane // 2, plane) + rng.integers(-20, 20, plane.shape)
        planes.append(np.clip(plane, 0, 255))
    return np.stack(planes, -1).astype(np.uint8)


def encode(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def with_orientation(value):
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def files():
    rgb = Image.fromarray(drawing(48, 29, 3))
    out = {"plain.png": encode(rgb, "PNG"), "progressive.jpg": encode(rgb, "JPEG", progressive=True, quality=85),
           "gray.jpg": encode(rgb.convert("L"), "JPEG"), "gray.png": encode(rgb.convert("L"), "PNG"),
           "bits.png": encode(rgb.convert("1"), "PNG"), "palette.png": encode(rgb.quantize(13), "PNG"),
           "alpha.png": encode(Image.fromarray(drawing(31, 22, 4, 3), "RGBA"), "PNG"),
           "gray_alpha.png": encode(Image.fromarray(drawing(20, 33, 2, 4), "LA"), "PNG"),
           "key.png": encode(rgb, "PNG", transparency=(10, 20, 30)),
           "palette_alpha.png": encode(rgb.quantize(7), "PNG", transparency=bytes([0, 128, 255])),
           "cmyk.jpg": encode(Image.fromarray(drawing(26, 19, 4, 5), "CMYK"), "JPEG", quality=92),
           "lossless.webp": encode(rgb, "WEBP", lossless=True), "lossy.webp": encode(rgb, "WEBP", quality=70),
           "alpha.webp": encode(Image.fromarray(drawing(30, 17, 4, 6), "RGBA"), "WEBP", lossless=True),
           "one.png": encode(Image.fromarray(drawing(1, 1, 3)), "PNG"),
           "column.png": encode(Image.fromarray(drawing(1, 130, 3)), "PNG"),
           "line.png": encode(Image.fromarray(drawing(150, 3, 3)), "PNG"),
           "exact.png": encode(Image.fromarray(drawing(37, 37, 3)), "PNG"),
           "subsampled.jpg": encode(Image.fromarray(drawing(53, 41, 3)), "JPEG", subsampling=2, quality=80)}
    for value in range(2, 9):
        out[f"turned_{value}.jpg"] = encode(rgb, "JPEG", quality=90, exif=with_orientation(value))
    out["turned_6.png"] = encode(rgb, "PNG", exif=with_orientation(6))
    return out


def refused(good):
    """Files that nothing can be made of."""
    deep = Image.fromarray((drawing(5, 4, 1)[..., 0].astype(np.uint16) * 257))
    return {"cut.jpg": good["progressive.jpg"][:-300], "cut.png": good["plain.png"][:200],
            "cut.webp": good["lossy.webp"][:-40], "text.png": b"this is no picture", "empty.jpg": b"",
            "deep.png": encode(deep, "PNG"), "broken.png": good["plain.png"][:60] + b"\0" * 20 + good["plain.png"][80:]}


def level_sum(picture):
    levels = picture.permute(1, 2, 0).reshape(-1).to(torch.int64)
    return int((levels * (1 + torch.arange(len(levels)) % 251)).sum() % 2**32)


def resized(picture, width, height, mode):
    return functional.resize(picture, [height, width], interpolation=mode, antialias=True)


def pan_and_scan(width, height, smallest, most, ratio):
    """The areas that Transformers' Gemma 3 processor cuts out."""
    from transformers.models.gemma3.image_processing_gemma3 import Gemma3ImageProcessor

    processor = Gemma3ImageProcessor()
    index = (torch.arange(height)[:, None] * width + torch.arange(width)).unsqueeze(0).expand(3, -1, -1).unsqueeze(0)
    crops = processor.pan_and_scan_batched(index, smallest, most, ratio)
    return [[int(c[0, 0, 0, 0]) % width, int(c[0, 0, 0, 0]) // width, c.shape[-1], c.shape[-2]] for c in crops]


def main(out):
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    good = files()
    expected = {"read": {}, "refused": [], "pan_and_scan": []}
    for name, data in good.items():
        (out / name).write_bytes(data)
        picture = decode_image(torch.frombuffer(bytearray(data), dtype=torch.uint8), ImageReadMode.RGB,
                               apply_exif_orientation=True)
        small = resized(picture, 37, 37, InterpolationMode.BILINEAR)
        other = resized(picture, 45, 29, InterpolationMode.BICUBIC)
        expected["read"][name] = {"width": picture.shape[2], "height": picture.shape[1], "levels": level_sum(picture),
                                  "bilinear": level_sum(small), "bicubic": level_sum(other)}
    for name, data in refused(good).items():
        (out / name).write_bytes(data)
        expected["refused"].append(name)
    for width, height in [(600, 300), (300, 600), (601, 200), (1000, 257), (256, 1025), (700, 700), (520, 500)]:
        areas = pan_and_scan(width, height, 128, 4, 1.2)
        expected["pan_and_scan"].append({"width": width, "height": height, "areas": areas})
    (out / "pictures.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
