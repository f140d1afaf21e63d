# SPDX-License-Identifier: MIT
"""Compares the transcriptions with the authors' packages and with optax: largest differences over all problems.

    python tests/reference/peers.py                       everything that can be imported
    python tests/reference/peers.py optax prodigyopt ...  these

The reference trajectories need none of them. Seen: optax 0.2.8, schedulefree 1.4.1, prodigyopt 1.1.2, adabelief-pytorch
0.2.1, came-pytorch 0.1.3, pytorch_optimizer 4.1.0 from PyPI; and on PYTHONPATH clones of github.com/Liuhong99/Sophia,
github.com/nikhilvyas/SOAP and github.com/yorkerlin/KL-Methods (its optim/), whose conversions to float32 are replaced by
float64, github.com/facebookresearch/optimizers (distributed_shampoo), github.com/microsoft/dion and
github.com/LIONS-EPFL/scion, whose conversions to bfloat16 are left out, and github.com/lixilinx/psgd_torch, whose random
numbers are; and there, as NAME_authors.py, the file that has the optimizer in github.com/iShohei220/adopt,
github.com/sail-sg/Adan, github.com/apple/ml-ademamix, github.com/Z-T-WANG/LaProp-Optimizer, whose calls are of an old
PyTorch, and github.com/AGI-Arena/MARS.
"""
import inspect
import sys
from functools import partial

import numpy as np
import torch

from generate import CASES, ONLY, problems_of, trajectory
from matrix_methods import polar_express, power_iteration_norm
from transcribed import AsVectors, Transcribed, radam


def with_torch():
    yield "RAdam, threshold 5", partial(Transcribed, rule=radam, lr=0.05), partial(torch.optim.RAdam, lr=0.05)


def with_optax():
    import jax
    import optax
    jax.config.update("jax_enable_x64", True)

    def peer(transformation):
        update = jax.jit(transformation.update)

        def rule(theta, g, state, t):
            updates, state["optax"] = update(g, state.get("optax", transformation.init(theta)), theta)
            return theta + np.asarray(updates)
        return partial(Transcribed, rule=rule)

    def case(name, transformation):
        return name, CASES[name], peer(transformation)

    decay = optax.add_decayed_weights
    yield case("AMSGrad/decoupled_optax", optax.chain(optax.scale_by_amsgrad(0.9, 0.9), decay(0.1), optax.scale(-0.1)))
    yield case("Muon/optax", optax.contrib.muon(0.005, weight_decay=0.1))
    yield case("NAdam/optax", optax.nadam(0.05))
    yield case("NAdam/optax_options", optax.chain(decay(0.1), optax.nadam(0.05, 0.8, 0.95, 1e-4)))
    yield case("NAdam/optax_decoupled", optax.nadamw(0.05, weight_decay=0.2))
    yield ("RAdam without eps, threshold 4", partial(Transcribed, rule=radam, lr=0.05, eps=0.0, threshold=4),
           peer(optax.radam(0.05, eps=0.0, threshold=4.0)))
    yield case("Lion/default", optax.lion(1e-4, weight_decay=0.0))
    yield case("Lion/options", optax.lion(2**-7, 0.95, 0.98, weight_decay=0.1))

    def decay_rate(count, power):  # optax's own is in float32
        return 1.0 - (count + 1.0) ** -power

    def adafactor(lr, decay_power=0.8, eps=(1e-30, 1e-3), clip=1.0, beta1=0.0, weight_decay=0.0):
        return optax.chain(optax.scale_by_factored_rms(decay_rate=decay_power, min_dim_size_to_factor=2, epsilon=eps[0],
                                                       decay_rate_fn=decay_rate),
                           optax.clip_by_block_rms(clip),
                           optax.scale_by_schedule(lambda count: jax.numpy.minimum(lr, (count + 1.0) ** -0.5)),
                           optax.scale_by_param_block_rms(eps[1]), optax.ema(beta1, debias=False),
                           decay(lr * weight_decay), optax.scale(-1.0))

    yield case("Adafactor/t5", adafactor(0.01))
    yield case("Adafactor/t5_momentum", adafactor(0.2, beta1=0.9))
    yield case("Adafactor/t5_options", adafactor(0.05, 0.5, (0.1, 0.8), 0.5, 0.5, 0.1))
    yield case("LAMB/default", optax.lamb(0.001))
    yield case("LAMB/options", optax.lamb(0.02, 0.8, 0.95, 1e-2, weight_decay=0.5))
    yield case("LARS/default", optax.lars(0.001))
    yield case("LARS/nesterov", optax.lars(0.02, 0.1, trust_coefficient=0.5, nesterov=True))
    yield case("LARS/options", optax.lars(0.05, 0.2, trust_coefficient=0.5, eps=0.5, momentum=0.5))
    yield case("ADOPT/default", optax.contrib.adopt(1e-3))
    yield case("AdEMAMix/options", optax.contrib.ademamix(0.02, 0.8, 0.95, 0.98, 2.0, 1e-2, weight_decay=0.2))
    yield case("AdaBelief/plain", optax.chain(optax.scale_by_belief(), decay(0.1), optax.scale(-0.05)))
    yield case("Signum/sign_descent", optax.sign_sgd(2**-8))


def hyperparameters_of(case, **names):
    """Those that a case hands to its transcription, under other names."""
    return {names.get(key, key): value for key, value in CASES[case].keywords.items() if key != "rule"}


def compared(case, make, **names):
    return case, CASES[case], partial(make, **hyperparameters_of(case, **names))


def with_adabelief_pytorch():
    from adabelief_pytorch import AdaBelief

    for variant in "default", "plain", "options":
        yield compared(f"AdaBelief/{variant}", partial(AdaBelief, print_change_log=False))


def with_came_pytorch():
    from came_pytorch import CAME

    for variant in "default", "weight_decay", "options":
        given = {"lr": 2e-4, **hyperparameters_of(f"CAME/{variant}")}
        yield f"CAME/{variant}", CASES[f"CAME/{variant}"], partial(AsVectors, make=partial(CAME, **given))


def with_pytorch_optimizer():
    from pytorch_optimizer import SignSGD

    for variant in "default", "sign_descent", "options":
        yield compared(f"Signum/{variant}", partial(SignSGD, foreach=False))


def with_adopt_authors():
    from adopt_authors import ADOPT

    for variant in "default", "weight_decay", "options":
        yield compared(f"ADOPT/{variant}", ADOPT, decoupled="decouple")


def with_adan_authors():
    from adan_authors import Adan

    def make(params, proximal=True, **hyperparameters):
        return Adan(params, no_prox=not proximal, **hyperparameters)

    for variant in "default", "weight_decay", "options":
        yield compared(f"Adan/{variant}", make)


def with_ademamix_authors():
    from ademamix_authors import AdEMAMix

    def make(params, warmup_steps=None, alpha=5.0, **hyperparameters):
        return AdEMAMix(params, alpha=alpha, alpha_warmup=warmup_steps, beta3_warmup=warmup_steps, **hyperparameters)

    for variant in "default", "warmup", "options":
        yield compared(f"AdEMAMix/{variant}", make)


def with_laprop_authors():
    import laprop_authors as authors

    source = inspect.getsource(authors)
    exec(source.replace("addcmul_(1 - beta2, grad, grad)", "addcmul_(grad, grad, value=1 - beta2)")
         .replace("add_( (1 - beta1) * group['lr'], step_of_this_grad)",
                  "add_(step_of_this_grad, alpha=(1 - beta1) * group['lr'])")
         .replace("add_(-step_size, exp_avg )", "add_(exp_avg, alpha=-step_size)")
         .replace("add_( - group['weight_decay'], p.data)", "add_(p.data, alpha=-group['weight_decay'])"),
         authors.__dict__)

    def make(params, lr=4e-4, weight_decay=0.0, **hyperparameters):
        return authors.LaProp(params, lr=lr, weight_decay=lr * weight_decay, **hyperparameters)

    for variant in "default", "weight_decay", "options":
        yield compared(f"LaProp/{variant}", make)


def with_mars_authors():
    from mars_authors import MARS

    for variant in "default", "weight_decay", "options":
        yield compared(f"MARS/{variant}", MARS)


def with_schedulefree():
    import schedulefree

    def peer(kind, **hyperparameters):
        def make(params):
            optimizer = kind(params, **hyperparameters)
            optimizer.train()
            return optimizer
        return make

    sgd, adamw = schedulefree.SGDScheduleFree, schedulefree.AdamWScheduleFree
    for kind in sgd, adamw:
        name = "ScheduleFreeSGD" if kind is sgd else "ScheduleFreeAdamW"
        for variant in "default", "warmup", "options":
            given = dict(CASES[f"{name}/{variant}"].keywords)
            given.pop("rule")
            renamed = {{"weight_power": "r", "learning_rate_power": "weight_lr_power"}.get(key, key): value
                       for key, value in given.items()}
            yield f"{name}/{variant}", CASES[f"{name}/{variant}"], peer(kind, **renamed)


def with_prodigyopt():
    import prodigyopt

    for variant in "plain", "bias_correction", "safeguard_warmup", "growth_rate":
        ours = CASES[f"Prodigy/{variant}"]
        yield f"Prodigy/{variant}", ours, partial(prodigyopt.Prodigy, **ours.keywords)


def with_sophia():
    import sophia as authors

    class SophiaG(authors.SophiaG):
        """The paper's order: the curvature is refreshed before it is used. One sample a batch."""

        def __init__(self, params, period, **hyperparameters):
            super().__init__(params, **hyperparameters)
            self.t, self.period = 0, period

        def step(self):
            if self.t % self.period == 0:
                self.update_hessian()
            self.t += 1
            super().step(bs=1)

    yield "Sophia/default", CASES["Sophia/default"], partial(SophiaG, period=10, rho=0.01)
    yield ("Sophia/unclipped", CASES["Sophia/unclipped"],
           partial(SophiaG, lr=2**-7, rho=4.0, weight_decay=0.0, period=3))


def with_soap():
    import soap as authors

    source = inspect.getsource(authors)
    exec(source.replace("!= torch.float:", "!= torch.float64:").replace(".float()", ".double()"), authors.__dict__)

    def largest_side(shape, max_dimension=10000, one_sided=False):
        return min(shape) if one_sided else max_dimension

    for variant in "default", "options", "one_sided", "max_dimension":
        ours = CASES[f"SOAP/{variant}"]
        given = {key: value for key, value in ours.keywords.items() if key != "rule"}
        sides = partial(largest_side, **{key: given.pop(key) for key in ("max_dimension", "one_sided") if key in given})
        renamed = {"period": "precondition_frequency"}
        given = {renamed.get(key, key): value for key, value in given.items()}

        def make(params, sides=sides, given=given):
            return authors.SOAP([{"params": [p], "max_precond_dim": sides(p.shape)} for p in params], **given)

        yield f"SOAP/{variant}", ours, partial(AsVectors, make=make)


def with_kl_opt():
    import kl_opt as authors

    torch.compile = lambda function: function
    source = inspect.getsource(authors)
    exec(source.replace("!= torch.float:", "!= torch.float64:").replace(".float()", ".double()"), authors.__dict__)

    for variant in "kl", "kl_options":
        ours = CASES[f"SOAP/{variant}"]
        given = {key: value for key, value in ours.keywords.items() if key != "rule"}
        given["precondition_frequency"] = given.pop("period", 10)
        name = f"SOAP/{variant} without vectors"
        ONLY[name] = {"square"}
        yield name, ours, partial(authors.KLOpt, using_klsoap=True, cast_dtype=torch.float64, **given)


def with_distributed_shampoo():
    from distributed_shampoo import (AdaGradPreconditionerConfig, DistributedShampoo, SGDPreconditionerConfig,
                                     RootInvShampooPreconditionerConfig, SingleDeviceDistributedConfig)
    norms = {"none": None, "sgd": SGDPreconditionerConfig(), "adagrad": AdaGradPreconditionerConfig(epsilon=1e-8)}

    def peer(lr=0.01, beta1=0.0, beta2=1.0, eps=1e-4, grafting="none", block_size=1024, weight_decay=0.0):
        return partial(DistributedShampoo, lr=lr, betas=(beta1, beta2), epsilon=eps, weight_decay=weight_decay,
                       use_bias_correction=beta2 < 1, grafting_config=norms[grafting], start_preconditioning_step=1,
                       max_preconditioner_dim=block_size,
                       distributed_config=SingleDeviceDistributedConfig(target_parameter_dimensionality=np.inf),
                       preconditioner_config=RootInvShampooPreconditionerConfig(factor_matrix_dtype=torch.float64,
                                                                                inv_factor_matrix_dtype=torch.float64))

    for variant in "default", "sgd", "adagrad", "average":
        ours = partial(CASES[f"Shampoo/{variant}"], lr=2**-6)  # theirs is kept in float32
        yield f"Shampoo/{variant}", ours, peer(**{key: value for key, value in ours.keywords.items() if key != "rule"})


def with_psgd():
    """Without noise and balance, and with our norm; the decay is ours alone."""
    import psgd as authors

    authors.norm_lower_bound_spd = lambda a: torch.tensor(power_iteration_norm(a.numpy()))
    torch.randn_like = torch.zeros_like

    class Quad:
        def __init__(self, params, lr=1e-3, momentum=0.9, rate=0.1, beta=0.9, period=1, max_dimension=np.inf,
                     max_skew=1.0):
            given = {"lr_params": lr, "momentum": momentum, "lr_preconditioner": rate, "betaL": beta, "dQ": "QUAD",
                     "preconditioner_max_size": max_dimension, "preconditioner_max_skew": max_skew}
            self.t, self.period, self.params = 0, period, [p.requires_grad_() for p in params]
            self.optimizers = [authors.KronWhiten([p], **given) for p in params]

        def step(self):
            draw = torch.rand
            torch.rand = lambda _: torch.tensor(0.5 if self.t % self.period == 0 else 1.0)
            for p, optimizer in zip(self.params, self.optimizers, strict=True):
                optimizer.step(lambda p=p: torch.sum(p * p.grad.detach()))
            torch.rand, self.t = draw, self.t + 1

        def recorded(self):
            return [p.detach() for p in self.params]

    for variant in "plain", "no_momentum", "diagonal":
        ours = partial(CASES[f"PSGDKron/{variant}"], damping=1e-9, weight_decay=0.0)
        given = {key: value for key, value in ours.keywords.items() if key not in ("rule", "damping", "weight_decay")}
        yield f"PSGDKron/{variant}", ours, partial(Quad, **given)


def with_dion():
    """Theirs round to bfloat16, which is left out, and keep the hyperparameters in float32."""
    torch.compile = lambda *arguments, **_: (lambda f: f) if not arguments else arguments[0]
    torch.bfloat16 = torch.float64
    from dion import Dion2, NorDion2

    def make(params, optimizer, polar=None, mu=None, beta2=None, **given):
        polar = polar or polar_express
        renamed = {} if mu is None else {"ef_decay": mu}
        return optimizer(params, adjust_lr="spectral_norm", **given, **renamed,
                         newton_schulz_func=lambda u, epsilon: torch.from_numpy(polar(u[0].numpy(), 1e-8))[None]
                         if u.ndim == 3 else torch.from_numpy(polar(u.numpy(), 1e-8)))

    for variant in "plain", "whole", "options", "normalized":
        ours = CASES[f"Dion2/{variant}"]
        given = {key: value for key, value in ours.keywords.items() if key != "rule"}
        yield f"Dion2/{variant}", ours, partial(make, optimizer=NorDion2 if "beta2" in given else Dion2, **given)


def with_scion():
    import scion as authors

    source = inspect.getsource(authors)
    exec(source.replace(".bfloat16()", "").replace("@torch.compile", ""), authors.__dict__)
    for variant, norm, given in (("embedding", "ColNorm", {"transpose": True}), ("input", "Spectral", {"max": True}),
                                 ("hidden", "Spectral", {}), ("output", "Sign", {}), ("unconstrained", "Spectral", {})):
        ours = CASES[f"Scion/{variant}"]
        hyperparameters = {key: value for key, value in ours.keywords.items() if key not in ("rule", "lmo")}
        yield (f"Scion/{variant}", ours,
               partial(authors.Scion, norm=norm, norm_kwargs=given, **{"momentum": 0.1, **hyperparameters}))


PACKAGES = {"torch": with_torch, "optax": with_optax, "schedulefree": with_schedulefree,
            "prodigyopt": with_prodigyopt, "sophia": with_sophia, "soap": with_soap,
            "kl_opt": with_kl_opt, "distributed_shampoo": with_distributed_shampoo, "psgd": with_psgd,
            "dion": with_dion, "scion": with_scion,
            "adabelief_pytorch": with_adabelief_pytorch, "came_pytorch": with_came_pytorch,
            "pytorch_optimizer": with_pytorch_optimizer,
            "adopt_authors": with_adopt_authors, "adan_authors": with_adan_authors,
            "ademamix_authors": with_ademamix_authors, "laprop_authors": with_laprop_authors,
            "mars_authors": with_mars_authors}


def main():
    for package in sys.argv[1:] or PACKAGES:
        try:
            for name, ours, theirs in PACKAGES[package]():
                pairs = (zip(trajectory(ours, shapes), trajectory(theirs, shapes)) for _, shapes in problems_of(name))
                difference = max(np.abs(a - b).max() for pair in pairs for (_, a), (_, b) in pair)
                print(f"{package:20} {name:40} {difference:.1e}", flush=True)
        except ImportError as error:
            print(f"{package:20} not compared: {error}")


if __name__ == "__main__":
    main()
