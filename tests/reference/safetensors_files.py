# SPDX-License-Identifier: MIT
"""Ten small files, written by the Python package safetensors, for the tests in tests/io and the fuzzer.

    python tests/reference/safetensors_files.py                 writes tests/data/safetensors/
    python tests/reference/safetensors_files.py --check         compares a fresh run with it, byte by byte
    python tests/reference/safetensors_files.py --read FOLDER   reads files of these names that somebody else wrote

The exit status is 1 if something differs, and 77 if the package is missing. Coefficients are 1, 2, 3, ..., row by row.
Seen: safetensors 0.8.0. Where two types of one size are in a file, its writer and that of gradus sort them differently,
and with several keys its metadata have no order: there is no such file here.
"""
import argparse
import pathlib
import sys
import tempfile

try:
    import numpy as np
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "data" / "safetensors"
CASES = {  # name: ({tensor: (type, shape)}, metadata)
    "matrix": ({"w": ("float32", (2, 3))}, None),
    "vector": ({"b": ("float64", (5,))}, None),
    "half": ({"w": ("float16", (4, 3))}, None),
    "scalars": ({"state.t": ("int64", ()), "state.scale": ("float32", ())}, None),
    "size_zero": ({"none": ("float32", (0,)), "rows": ("float32", (0, 4)), "some": ("float32", (1, 1))}, None),
    "mixed": ({"i": ("int64", (3,)), "f": ("float32", (3, 2)), "h": ("float16", (5,)), "b": ("uint8", (7,))}, None),
    "metadata": ({"w": ("float64", (1, 2))}, {"note": 'a "quoted"\ttext: ü'}),
    "model": ({f"layers.{i}.{leaf}": ("float32", shape) for i in range(12)
               for leaf, shape in (("w", (3, 2)), ("b", (3,)))}, {"format": "np"}),
    "integers": ({"i8": ("int8", (3,)), "i16": ("int16", (3,)), "u32": ("uint32", (2, 2)), "u64": ("uint64", (1,))},
                 None),
    "names": ({"../w": ("float32", (1,)), "größe": ("float32", (2,)), "a\"b\\c": ("float32", (3,)),
               "tab\t": ("float32", (4,))}, None),
}


def tensors_of(name):
    return {tensor: np.arange(1, np.prod(shape, dtype=int) + 1).astype(dtype).reshape(shape)
            for tensor, (dtype, shape) in CASES[name][0].items()}


def write(folder):
    for name, (_, metadata) in CASES.items():
        save_file(tensors_of(name), folder / f"{name}.safetensors", metadata)


def differs(name, file):
    expected, found = tensors_of(name), load_file(file)
    with safe_open(file, "np") as opened:
        metadata = opened.metadata()
    return (expected.keys() != found.keys() or (metadata or None) != CASES[name][1] or
            any(found[key].dtype != value.dtype or found[key].shape != value.shape or (found[key] != value).any()
                for key, value in expected.items()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--read", type=pathlib.Path)
    arguments = parser.parse_args()
    wrong = []
    if arguments.read:
        wrong = [name for name in CASES if differs(name, arguments.read / f"{name}.safetensors")]
    elif arguments.check:
        with tempfile.TemporaryDirectory() as fresh:
            write(pathlib.Path(fresh))
            wrong = [name for name in CASES if (pathlib.Path(fresh) / f"{name}.safetensors").read_bytes() !=
                     (OUTPUT / f"{name}.safetensors").read_bytes()]
    else:
        OUTPUT.mkdir(exist_ok=True)
        write(OUTPUT)
    if wrong:
        sys.exit("different: " + ", ".join(wrong))


if __name__ == "__main__":
    main()
