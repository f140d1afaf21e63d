# SPDX-License-Identifier: MIT
"""Runs that PyTorch begins and gradus ends, and the reverse, through the files of examples/torch_interop.

    python tests/reference/torch_interop.py                 writes tests/data/torch/
    python tests/reference/torch_interop.py --check         compares a fresh run with it
    python tests/reference/torch_interop.py --read FOLDER   goes on from files that gradus wrote, and compares the ends

The exit status is 1 if something differs or is not refused, and 77 if a package is missing. Seen: torch 2.13.0,
safetensors 0.8.0.

A file NAME-TYPE.safetensors is a run after 7 steps, as to_gradus.py writes it; end-TYPE.safetensors has the parameters
of all runs after 107, as "NAME.w". The gradient is that of generate.py, taken in double. torch.optim.Muon runs in the
precision of its parameters, not in bfloat16, as there.
"""
import argparse
import math
import pathlib
import sys
import tempfile
from functools import partial

try:
    import torch
    from safetensors.torch import load_file, save_file
    from torch import optim
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "examples" / "torch_interop"))
import from_gradus
import to_gradus
from matrix_methods import muon_in_own_precision

OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "data" / "torch"
TYPES = {"double": (torch.float64, 1e-12), "float": (torch.float32, 1e-6)}
FIRST, LAST = 7, 107

torch.set_num_threads(1)
muon_in_own_precision()


class Model(torch.nn.Module):
    def __init__(self, *shapes):
        super().__init__()
        for leaf, (name, shape) in enumerate(zip(("w", "b"), shapes)):
            i, j = grid(shape)
            self.register_parameter(name, torch.nn.Parameter(torch.sin(1 + 1.3 * leaf + 0.7 * i + 0.4 * j)))


def grid(shape):
    """Row and column of every coefficient."""
    rows = shape[0] if shape else 1
    i, j = torch.meshgrid(torch.arange(rows).double(), torch.arange(math.prod(shape) // rows).double(), indexing="ij")
    return i.reshape(shape), j.reshape(shape)


def one(make, *shapes):
    """A model and its optimizer."""
    def begin(dtype):
        model = Model(*(shapes or ((4, 3), (5,)))).to(dtype)
        return model, make(model.parameters())
    return begin


def groups(dtype):
    model = Model((4, 3), (5,)).to(dtype)
    return model, optim.AdamW([{"params": [model.w]}, {"params": [model.b], "weight_decay": 0}], lr=0.02, weight_decay=0.1)


def two_optimizers(dtype):
    model = Model((4, 3), (5,)).to(dtype)
    return model, [optim.Muon([model.w]), optim.AdamW([model.b], lr=0.02)]


CASES = {
    "SGD": one(partial(optim.SGD, lr=0.1, weight_decay=0.05)),
    "Momentum": one(partial(optim.SGD, lr=0.05, momentum=0.9, dampening=0.5)),
    "AdaGrad": one(partial(optim.Adagrad, lr=0.3, lr_decay=0.05, initial_accumulator_value=0.1)),
    "RMSProp": one(partial(optim.RMSprop, alpha=0.95, eps=1e-6, momentum=0.8, centered=True)),
    "Adam": one(partial(optim.Adam, lr=0.1)),
    "AMSGrad": one(partial(optim.Adam, lr=0.02, betas=(0.9, 0.9), amsgrad=True)),
    "AdamW": one(partial(optim.AdamW, lr=0.02, weight_decay=0.1)),
    "NAdam": one(partial(optim.NAdam, lr=0.05)),
    "RAdam": one(partial(optim.RAdam, lr=0.05)),
    "Adafactor": one(partial(optim.Adafactor, lr=0.05)),
    "Muon": one(optim.Muon, (4, 3), (2, 5)),
    "groups": groups,
    "two_optimizers": two_optimizers,
}


def run(model, optimizers, first, last):
    with torch.no_grad():
        for t in range(first, last + 1):
            for leaf, p in enumerate(model.parameters()):
                i, j = grid(p.shape)
                t64 = torch.tensor(float(t), dtype=torch.float64)
                gradient = 0.6 * p.double() + torch.cos(0.5 * t64 + i + 2 * leaf) + 0.3 * torch.sin(t64 * (j + 1))
                p.grad = gradient.to(p.dtype)
            for optimizer in optimizers if isinstance(optimizers, list) else [optimizers]:
                optimizer.step()


def write(folder):
    for dtype_name, (dtype, _) in TYPES.items():
        torch.set_default_dtype(dtype)
        ends = {}
        for name, begin in CASES.items():
            model, optimizers = begin(dtype)
            run(model, optimizers, 1, FIRST)
            to_gradus.save(folder / f"{name}-{dtype_name}.safetensors", model, optimizers, FIRST)
            run(model, optimizers, FIRST + 1, LAST)
            ends |= {f"{name}.{leaf}": p.detach() for leaf, p in model.named_parameters()}
        save_file(ends, folder / f"end-{dtype_name}.safetensors")


def differs(found, expected, tolerance):
    """Whether two files' tensors do."""
    return found.keys() != expected.keys() or any(
        not (found[key].double() - x.double()).norm() <= tolerance * x.double().norm() for key, x in expected.items())


def read(folder):
    """The runs that gradus began and torch does not end as gradus did."""
    for dtype_name, (dtype, tolerance) in TYPES.items():
        torch.set_default_dtype(dtype)
        for name, begin in CASES.items():
            model, optimizers = begin(dtype)
            from_gradus.load(folder / f"{name}-{dtype_name}.safetensors", model, optimizers)
            run(model, optimizers, FIRST + 1, LAST)
            expected = load_file(folder / f"{name}-{dtype_name}-end.safetensors")
            if differs({leaf: p.detach() for leaf, p in model.named_parameters()}, expected, tolerance):
                yield f"{name} in {dtype_name}"


def round_trip():
    """Whether a model in sixteen bits, with a kernel and a number, does not go on in the same way from a file."""
    torch.set_default_dtype(torch.float32)

    def begin():
        model = Model((4, 3, 2, 2), ()).to(torch.bfloat16)
        return model, optim.RMSprop(model.parameters(), centered=True, momentum=0.9)

    (model, optimizer), (again, other) = begin(), begin()
    run(model, optimizer, 1, FIRST)
    with tempfile.TemporaryDirectory() as folder:
        to_gradus.save(f"{folder}/run.safetensors", model, optimizer)
        state = load_file(f"{folder}/run.safetensors")["state.v.w"]
        from_gradus.load(f"{folder}/run.safetensors", again, other)
    run(model, optimizer, FIRST + 1, LAST)
    run(again, other, FIRST + 1, LAST)
    same = all(p.equal(q) for p, q in zip(model.parameters(), again.parameters()))
    return [] if same and state.dtype == torch.float32 and state.shape == (4, 12) else ["round trip"]


def refused():
    """The mistakes that go through."""
    torch.set_default_dtype(torch.float64)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "run.safetensors"

        def case(what, sentence, begin, spoil=lambda model, optimizer: None, steps=2, load=None):
            model, optimizer = begin(torch.float64)
            run(model, optimizer, 1, steps)
            spoil(model, optimizer)
            try:
                to_gradus.save(path, model, optimizer, steps)
                if load:
                    from_gradus.load(path, *load(torch.float64))
            except ValueError as error:
                if sentence in str(error):
                    return []
                what += f" ({error})"
            return [what]

        def step_alone(model, optimizer):
            model.w.grad = None
            optimizer.step()

        adam, sgd, amsgrad = CASES["Adam"], CASES["Momentum"], one(partial(optim.Adam, amsgrad=True))
        return sum([
            case("maximize", "negate the objective", one(partial(optim.Adam, maximize=True))),
            case("no step", "w has no exp_avg yet", adam, steps=0),
            case("a missing buffer", "b has no momentum_buffer yet", sgd,
                 lambda model, optimizer: optimizer.state.pop(model.b)),
            case("differing steps", "these took {'w': 2.0, 'b': 3.0}", adam, step_alone),
            case("an unknown optimizer", "Rprop is not among", one(optim.Rprop)),
            case("a column", "PyTorch factors w [4, 1]", one(optim.Adafactor, (4, 1), (5,))),
            case("a part of the model", "no optimizer has b", lambda dtype: part_of(Model((4, 3), (5,)))),
            case("amsgrad unasked", "has state.x.b, state.x.w, which", amsgrad, load=adam),
            case("amsgrad missing", "has no state.x.w", adam, load=amsgrad),
            case("other betas", "state.beta1_power is", adam, load=one(partial(optim.Adam, betas=(0.8, 0.999)))),
            case("other shapes", "w is [4, 3], but [4, 4] in the model", adam,
                 load=one(optim.Adam, (4, 4), (5,)))], [])


def part_of(model):
    return model, optim.Adam([model.w])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--read", type=pathlib.Path)
    arguments = parser.parse_args()
    wrong = []
    if arguments.read:
        wrong = [*read(arguments.read), *round_trip(), *refused()]
    elif arguments.check:
        with tempfile.TemporaryDirectory() as fresh:
            write(pathlib.Path(fresh))
            wrong = [file.name for file in sorted(OUTPUT.iterdir())
                     if differs(load_file(pathlib.Path(fresh) / file.name), load_file(file), 1e-6)]
    else:
        OUTPUT.mkdir(exist_ok=True)
        write(OUTPUT)
    if wrong:
        sys.exit("different: " + ", ".join(wrong))


if __name__ == "__main__":
    main()
