# SPDX-License-Identifier: MIT
"""Reference trajectories for the tests: independent optimizers stepping in float64.

    python tests/reference/generate.py             rewrites tests/data/trajectories.txt
    python tests/reference/generate.py --check     compares a fresh run with it, exit status 1 if they differ
    python tests/reference/generate.py --rounding  shows how far rounding carries each case, exit status 1 if too far
    python tests/reference/peers.py                compares the transcriptions with other packages

A new optimizer is one entry in CASES: a function from a list of float64 tensors to an object with a `step()`
that reads `p.grad` and changes `p`. Everything PyTorch has is PyTorch's own class; the rest is in transcribed.py,
adam_relatives.py and matrix_methods.py. What is recorded is `p`, or the optimizer's `recorded()` where it has one.

PyTorch keeps a few scalars (NAdam's product of momenta, ASGD's rate) in its default dtype, here float64.
torch.optim.Muon orthogonalizes in bfloat16; here PyTorch's own function runs without that one conversion, hence in
float64, all else untouched.

Problem: leaf l starts at theta[i, j] = sin(1 + 1.3 l + 0.7 i + 0.4 j), indices from 0, and the gradient at step
t = 1, 2, ... is 0.6 theta + cos(0.5 t + i + 2 l) + 0.3 sin(t (j + 1)): it depends on theta, so errors feed back.
File: a comment, then lines `case problem step n v1 ... vn`, leaf after leaf, each leaf row by row, 17 digits.
"""
import argparse
import pathlib
import sys
from functools import partial

import numpy as np
import torch
from torch import optim

from adam_relatives import adabelief, adan, ademamix, adopt, laprop, mars, signum
from matrix_methods import (Dion, adamuon, bias_rms, by_jordan, columns, dion2, dyn_muon, embedding, falling_exponent,
                            frobenius, kl_soap, muon_dion, muon_in_own_precision, muon_keller, muon_moonlight,
                            muon_optax, muon_squared, muown, newton_schulz, normuon, normuon_speedrun, polar_grad,
                            psgd_kron, row_muon, rows, scion, shampoo, sign_of_output, soap, soap_muon,
                            spectral_of_hidden, spectral_of_input, steepest_descent)
from transcribed import (AsVectors, AverageOfASGD, CautiousDecay, Nesterov, Prodigy, Transcribed, adafactor_t5, amsgrad,
                         amsgradw, came, lamb, lars, lion, nadam_optax, radam, schedule_free_adamw, schedule_free_sgd,
                         sophia)

PROBLEMS = {"vector": [(7, 1)], "matrix": [(5, 3)], "wide": [(3, 8)], "tree": [(4, 3), (3, 1), (2, 4), (1, 1)],
            "square": [(3, 3), (2, 2)]}
RECORDED = [1, 2, 3, 5, 10, 20, 50, 100, 150, 200]
OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "data" / "trajectories.txt"
TOLERANCE = 1e-13

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
muon_in_own_precision()

AMSGRAD = {"lr": 0.1, "betas": (0.9, 0.9)}  # a short memory, so that the second moment falls below its maximum
CASES = {
    "SGD/default": optim.SGD,
    "SGD/plain": partial(optim.SGD, lr=0.1),
    "SGD/weight_decay": partial(optim.SGD, lr=0.1, weight_decay=0.05),
    "Momentum/default": partial(optim.SGD, momentum=0.9),
    "Momentum/plain": partial(optim.SGD, lr=0.05, momentum=0.9),
    "Momentum/dampening": partial(optim.SGD, lr=0.1, momentum=0.8, dampening=0.5, weight_decay=0.02),
    "Momentum/nesterov": partial(optim.SGD, lr=0.05, momentum=0.9, weight_decay=0.02, nesterov=True),
    "AdaGrad/default": optim.Adagrad,
    "AdaGrad/plain": partial(optim.Adagrad, lr=0.4, eps=1e-8),
    "AdaGrad/options": partial(optim.Adagrad, lr=0.3, lr_decay=0.05, weight_decay=0.02, eps=1e-3,
                               initial_accumulator_value=0.1),
    "RMSProp/default": optim.RMSprop,
    "RMSProp/centered": partial(optim.RMSprop, lr=0.01, alpha=0.9, eps=1e-4, centered=True),
    "RMSProp/momentum": partial(optim.RMSprop, lr=0.005, momentum=0.9),
    "RMSProp/options": partial(optim.RMSprop, alpha=0.95, eps=1e-6, weight_decay=0.02, momentum=0.8, centered=True),
    "Adam/default": optim.Adam,
    "Adam/plain": partial(optim.Adam, lr=0.1),
    "Adam/weight_decay": partial(optim.Adam, lr=0.1, weight_decay=0.1),
    "Adam/betas": partial(optim.Adam, lr=0.05, betas=(0.8, 0.95), eps=1e-4),
    "AdamW/default": optim.AdamW,
    "AdamW/weight_decay": partial(optim.AdamW, lr=0.1, weight_decay=0.1),
    "AdamW/betas": partial(optim.AdamW, lr=0.05, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.2),
    "AdamW/cautious": partial(CautiousDecay, make=optim.AdamW, lr=0.05, weight_decay=0.2),
    "AMSGrad/torch": partial(optim.Adam, amsgrad=True, **AMSGRAD),
    "AMSGrad/optax": partial(Transcribed, rule=amsgrad, form="optax", **AMSGRAD),
    "AMSGrad/paper": partial(Transcribed, rule=amsgrad, form="paper", weight_decay=0.1, **AMSGRAD),
    "AMSGrad/decoupled_torch": partial(optim.AdamW, amsgrad=True, weight_decay=0.1, **AMSGRAD),
    "AMSGrad/decoupled_optax": partial(Transcribed, rule=amsgradw, form="optax", weight_decay=0.1, **AMSGRAD),
    "AMSGrad/decoupled_paper": partial(Transcribed, rule=amsgradw, form="paper", weight_decay=0.1, **AMSGRAD),
    # With larger steps Muon wanders and Newton-Schulz amplifies rounding far beyond any tolerance.
    "Muon/default": optim.Muon,
    "Muon/match_rms_adamw": partial(optim.Muon, lr=0.01, adjust_lr_fn="match_rms_adamw"),
    "Muon/no_nesterov": partial(optim.Muon, lr=0.01, weight_decay=0.0, nesterov=False),
    "Muon/options": partial(optim.Muon, lr=0.05, momentum=0.8, weight_decay=0.2, ns_steps=3,
                            ns_coefficients=(1.875, -1.25, 0.375)),
    "Muon/keller": partial(Transcribed, rule=muon_keller, lr=0.01),
    "Muon/moonlight": partial(Transcribed, rule=muon_moonlight, lr=0.01),
    "Muon/optax": partial(Transcribed, rule=muon_optax, lr=0.005, weight_decay=0.1),
    "Muon/dion": partial(Transcribed, rule=muon_dion, lr=0.001),
    "Muon/dion_cautious": partial(Transcribed, rule=muon_dion, lr=2**-10, weight_decay=0.5, cautious=True),
    "Muon/polar_grad": partial(Transcribed, rule=polar_grad, lr=0.005, weight_decay=0.5),
    "Muon/dyn_muon": partial(Transcribed, rule=dyn_muon, lr=0.005, weight_decay=0.5, exponent=falling_exponent),
    "Muon/muown": partial(Transcribed, rule=muown, lr=0.01, weight_decay=0.1),
    "Muon/muon_squared": partial(Transcribed, rule=muon_squared, lr=2**-8, momentum=0.9, eps=1e-3, weight_decay=0.5),
    "Muon/row_muon": partial(Transcribed, rule=row_muon, lr=2**-8, weight_decay=0.5),
    "NorMuon/plain": partial(Transcribed, rule=normuon, lr=0.002),
    "NorMuon/options": partial(Transcribed, rule=normuon, lr=0.002, momentum=0.9, beta2=0.8, eps=1e-3,
                               weight_decay=0.5),
    "NorMuon/speedrun": partial(Transcribed, rule=normuon_speedrun, lr=2**-9, weight_decay=0.5),
    "AdaMuon/plain": partial(Transcribed, rule=adamuon, lr=0.002),
    "AdaMuon/no_nesterov": partial(Transcribed, rule=adamuon, lr=0.002, nesterov=False, weight_decay=0.0),
    "AdaMuon/options": partial(Transcribed, rule=adamuon, lr=0.002, momentum=0.9, beta2=0.9, eps=1e-3,
                               weight_decay=0.5),
    "Dion/plain": partial(Dion, lr=0.001),
    "Dion/low_rank": partial(Dion, lr=0.002, weight_decay=0.0, rank_fraction=0.25, seed=1),
    "Dion/options": partial(Dion, lr=0.002, mu=0.8, weight_decay=0.5, rank_fraction=0.5, eps=1e-3),
    "Dion2/plain": partial(Transcribed, rule=dion2, lr=2**-10),
    "Dion2/whole": partial(Transcribed, rule=dion2, lr=2**-10, fraction=1.0, weight_decay=0.0),
    "Dion2/options": partial(Transcribed, rule=dion2, lr=2**-8, mu=0.8, fraction=0.5, weight_decay=0.5,
                             polar=by_jordan),
    "Dion2/normalized": partial(Transcribed, rule=dion2, lr=2**-9, weight_decay=0.5, beta2=0.95),
    "SteepestDescent/default": partial(Transcribed, rule=steepest_descent, lmo=partial(newton_schulz, eps=0.0)),
    "SteepestDescent/frobenius": partial(Transcribed, rule=steepest_descent, lmo=frobenius, lr=0.1),
    "SteepestDescent/max": partial(Transcribed, rule=steepest_descent, lmo=np.sign, lr=2**-8),
    "SteepestDescent/columns": partial(Transcribed, rule=steepest_descent, lmo=columns, lr=0.05),
    "SteepestDescent/rows": partial(Transcribed, rule=steepest_descent, lmo=rows, lr=0.05),
    "Scion/embedding": partial(Transcribed, rule=scion, lmo=embedding, lr=2**-7),
    "Scion/input": partial(Transcribed, rule=scion, lmo=spectral_of_input),
    "Scion/hidden": partial(Transcribed, rule=scion, lmo=spectral_of_hidden, scale=2.0),
    "Scion/output": partial(Transcribed, rule=scion, lmo=sign_of_output, lr=2**-7, scale=4.0),
    "Scion/bias": partial(Transcribed, rule=scion, lmo=bias_rms, lr=0.01, scale=3.0),
    "Scion/unconstrained": partial(Transcribed, rule=scion, lmo=spectral_of_hidden, momentum=0.5, unconstrained=True),
    "AdaDelta/default": optim.Adadelta,
    "AdaDelta/weight_decay": partial(optim.Adadelta, lr=0.5, weight_decay=0.1),
    "AdaDelta/options": partial(optim.Adadelta, lr=2.0, rho=0.95, eps=1e-3, weight_decay=0.02),
    "AdaMax/default": optim.Adamax,
    "AdaMax/weight_decay": partial(optim.Adamax, lr=0.05, weight_decay=0.1),
    "AdaMax/options": partial(optim.Adamax, lr=0.02, betas=(0.8, 0.9), eps=1e-2, weight_decay=0.02),
    "NAdam/default": optim.NAdam,
    "NAdam/options": partial(optim.NAdam, lr=0.05, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.1, momentum_decay=0.1),
    "NAdam/decoupled": partial(optim.NAdam, lr=0.05, weight_decay=0.2, decoupled_weight_decay=True),
    "NAdam/optax": partial(Transcribed, rule=nadam_optax, lr=0.05),
    "NAdam/optax_options": partial(Transcribed, rule=nadam_optax, lr=0.05, betas=(0.8, 0.95), eps=1e-4,
                                   weight_decay=0.1),
    "NAdam/optax_decoupled": partial(Transcribed, rule=nadam_optax, lr=0.05, weight_decay=0.2, decoupled=True),
    "RAdam/default": optim.RAdam,
    "RAdam/options": partial(optim.RAdam, lr=0.05, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.1),
    "RAdam/decoupled": partial(optim.RAdam, lr=0.05, weight_decay=0.2, decoupled_weight_decay=True),
    "RAdam/threshold_4": partial(Transcribed, rule=radam, lr=0.05, threshold=4),
    "RAdam/short_memory": partial(optim.RAdam, lr=0.01, betas=(0.9, 0.6)),  # never rectified
    "ASGD/default": optim.ASGD,
    "ASGD/options": partial(optim.ASGD, lr=0.1, lambd=0.05, alpha=0.5, weight_decay=0.02),
    "ASGD/averaged": partial(optim.ASGD, lr=0.1, lambd=0.01, t0=15),
    "ASGD.solution/averaged": partial(AverageOfASGD, lr=0.1, lambd=0.01, t0=15),
    "Rprop/default": optim.Rprop,
    "Rprop/small_steps": partial(optim.Rprop, lr=2**-8, step_sizes=(2**-10, 2**-6)),
    "Rprop/options": partial(optim.Rprop, lr=0.05, etas=(0.6, 1.3), step_sizes=(0.03, 0.08)),
    "Lion/default": partial(Transcribed, rule=lion),
    "Lion/weight_decay": partial(Transcribed, rule=lion, lr=2**-8, weight_decay=0.5),
    "Lion/options": partial(Transcribed, rule=lion, lr=2**-7, betas=(0.95, 0.98), weight_decay=0.1),
    "Lion/cautious": partial(CautiousDecay, make=partial(Transcribed, rule=lion), lr=2**-8, weight_decay=0.5),
    "Signum/default": partial(Transcribed, rule=signum),
    "Signum/sign_descent": partial(Transcribed, rule=signum, lr=2**-8, momentum=0.0),
    "Signum/options": partial(Transcribed, rule=signum, lr=2**-7, momentum=0.95, weight_decay=0.5),
    "Signum/cautious": partial(CautiousDecay, make=partial(Transcribed, rule=signum), lr=2**-8, weight_decay=0.5),
    "AdaBelief/default": partial(Transcribed, rule=adabelief),
    "AdaBelief/plain": partial(Transcribed, rule=adabelief, lr=0.05, weight_decay=0.1, rectify=False),
    "AdaBelief/options": partial(Transcribed, rule=adabelief, lr=0.05, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.2),
    "LaProp/default": partial(Transcribed, rule=laprop),
    "LaProp/weight_decay": partial(Transcribed, rule=laprop, lr=0.05, weight_decay=0.1),
    "LaProp/options": partial(Transcribed, rule=laprop, lr=0.02, betas=(0.95, 0.8), eps=1e-2, weight_decay=0.2),
    "ADOPT/default": partial(Transcribed, rule=adopt),
    "ADOPT/weight_decay": partial(Transcribed, rule=adopt, lr=0.02, weight_decay=0.1),
    "ADOPT/options": partial(Transcribed, rule=adopt, lr=0.02, betas=(0.8, 0.95), eps=0.5, weight_decay=0.2,
                             decoupled=True),
    "Adan/default": partial(Transcribed, rule=adan),
    "Adan/weight_decay": partial(Transcribed, rule=adan, lr=0.05, weight_decay=0.1),
    "Adan/options": partial(Transcribed, rule=adan, lr=0.05, betas=(0.9, 0.8, 0.95), eps=1e-2, weight_decay=0.2,
                            proximal=False),
    "AdEMAMix/default": partial(Transcribed, rule=ademamix),
    "AdEMAMix/warmup": partial(Transcribed, rule=ademamix, lr=0.01, weight_decay=0.1, warmup_steps=120),
    "AdEMAMix/options": partial(Transcribed, rule=ademamix, lr=0.02, betas=(0.8, 0.95, 0.98), alpha=2.0, eps=1e-2,
                                weight_decay=0.2),
    "AdEMAMix/cautious": partial(CautiousDecay, make=partial(Transcribed, rule=ademamix, warmup_steps=120), lr=0.004,
                                 weight_decay=0.2),
    "MARS/default": partial(Transcribed, rule=mars),
    "MARS/weight_decay": partial(Transcribed, rule=mars, lr=0.05, weight_decay=0.1),
    "MARS/options": partial(Transcribed, rule=mars, lr=0.05, betas=(0.8, 0.9), gamma=0.1, eps=1e-2, weight_decay=0.2),
    "MARS/cautious": partial(CautiousDecay, make=partial(Transcribed, rule=mars), lr=0.05, weight_decay=0.2),
    "Nesterov/default": Nesterov,
    "Nesterov/fast": partial(Nesterov, lr=0.1),
    "Nesterov/strongly_convex": partial(Nesterov, lr=0.1, mu=0.6),
    "Adafactor/default": partial(AsVectors, make=optim.Adafactor),
    "Adafactor/weight_decay": partial(AsVectors, make=partial(optim.Adafactor, lr=0.2, weight_decay=0.02)),
    "Adafactor/options": partial(AsVectors, make=partial(optim.Adafactor, lr=0.05, beta2_decay=-0.5, eps=(0.5, 0.8),
                                                         d=1.5, weight_decay=0.1)),
    "Adafactor/t5": partial(Transcribed, rule=adafactor_t5),
    "Adafactor/t5_momentum": partial(Transcribed, rule=adafactor_t5, lr=0.2, beta1=0.9),
    "Adafactor/t5_options": partial(Transcribed, rule=adafactor_t5, lr=0.05, decay_power=0.5, eps=(0.1, 0.8), clip=0.5,
                                    beta1=0.5, weight_decay=0.1),
    "CAME/default": partial(Transcribed, rule=came),
    "CAME/weight_decay": partial(Transcribed, rule=came, lr=0.01, weight_decay=0.1),
    "CAME/options": partial(Transcribed, rule=came, lr=0.05, betas=(0.8, 0.95, 0.9), eps=(1e-2, 1e-3),
                            clip_threshold=0.5, weight_decay=0.2),
    "LAMB/default": partial(Transcribed, rule=lamb),
    "LAMB/weight_decay": partial(Transcribed, rule=lamb, lr=0.02, weight_decay=0.1),
    "LAMB/options": partial(Transcribed, rule=lamb, lr=0.02, betas=(0.8, 0.95), eps=1e-2, weight_decay=0.5),
    "LARS/default": partial(Transcribed, rule=lars),
    "LARS/large_steps": partial(Transcribed, rule=lars, lr=0.1, momentum=0.8, trust_coefficient=0.1),
    "LARS/nesterov": partial(Transcribed, rule=lars, lr=0.02, trust_coefficient=0.5, weight_decay=0.1, nesterov=True),
    "LARS/options": partial(Transcribed, rule=lars, lr=0.05, momentum=0.5, trust_coefficient=0.5, eps=0.5,
                            weight_decay=0.2),
    "Sophia/default": partial(Transcribed, rule=sophia),
    "Sophia/unclipped": partial(Transcribed, rule=sophia, lr=2**-7, gamma=4.0, weight_decay=0.0, period=3),
    "Sophia/options": partial(Transcribed, rule=sophia, lr=2**-6, betas=(0.9, 0.8), gamma=0.5, eps=0.2,
                              weight_decay=0.5, period=1, clip=0.5),
    "Sophia/cautious": partial(CautiousDecay, make=partial(Transcribed, rule=sophia, gamma=4.0, period=3), lr=2**-6,
                               weight_decay=0.5),
    "ScheduleFreeSGD/default": partial(Transcribed, rule=schedule_free_sgd),
    "ScheduleFreeSGD/warmup": partial(Transcribed, rule=schedule_free_sgd, lr=0.5, weight_decay=0.05, warmup_steps=30),
    "ScheduleFreeSGD/options": partial(Transcribed, rule=schedule_free_sgd, lr=0.2, momentum=0.7, weight_decay=0.02,
                                       warmup_steps=20, weight_power=1.5, learning_rate_power=1.0),
    "ScheduleFreeAdamW/default": partial(Transcribed, rule=schedule_free_adamw),
    "ScheduleFreeAdamW/warmup": partial(Transcribed, rule=schedule_free_adamw, lr=0.05, weight_decay=0.1,
                                        warmup_steps=30),
    "ScheduleFreeAdamW/options": partial(Transcribed, rule=schedule_free_adamw, lr=0.02, betas=(0.8, 0.95), eps=1e-3,
                                         weight_decay=0.02, warmup_steps=20, weight_power=1.5, learning_rate_power=1.0),
    # With the default d0 of 1e-6 the first distances from the start are mostly rounding, which d then grows from.
    "Prodigy/plain": partial(Prodigy, d0=2**-5),
    "Prodigy/bias_correction": partial(Prodigy, d0=2**-5, d_coef=0.5, weight_decay=0.1, use_bias_correction=True),
    "Prodigy/safeguard_warmup": partial(Prodigy, lr=0.5, beta3=0.99, d0=2**-5, safeguard_warmup=True),
    "Prodigy/growth_rate": partial(Prodigy, betas=(0.8, 0.95), eps=0.1, d0=2**-6, growth_rate=1.02),
    "Shampoo/default": partial(Transcribed, rule=shampoo),
    "Shampoo/sgd": partial(Transcribed, rule=shampoo, lr=0.02, beta1=0.5, eps=1e-2, grafting="sgd", weight_decay=0.1),
    "Shampoo/adagrad": partial(Transcribed, rule=shampoo, lr=0.05, grafting="adagrad", block_size=2),
    "Shampoo/average": partial(Transcribed, rule=shampoo, lr=0.02, beta2=0.9, eps=1e-2),
    "Shampoo/options": partial(Transcribed, rule=shampoo, lr=0.05, beta1=0.9, beta2=0.9, eps=1e-3, period=3,
                               grafting="adagrad", block_size=3, weight_decay=0.05),
    "PSGDKron/plain": partial(Transcribed, rule=psgd_kron, lr=0.01),
    "PSGDKron/no_momentum": partial(Transcribed, rule=psgd_kron, lr=0.002, momentum=0.0, max_skew=2.0, period=2),
    "PSGDKron/diagonal": partial(Transcribed, rule=psgd_kron, lr=0.01, max_dimension=3, max_skew=4.0, weight_decay=0.1),
    "PSGDKron/options": partial(Transcribed, rule=psgd_kron, lr=0.02, momentum=0.5, weight_decay=0.2, rate=0.5, beta=0.5,
                                damping=0.1, period=3, max_skew=2.0, clip_rms=0.5, clip=0.7),
    "SOAP/default": partial(Transcribed, rule=soap),
    "SOAP/options": partial(Transcribed, rule=soap, lr=0.01, betas=(0.9, 0.8), shampoo_beta=0.7, eps=1e-3,
                            weight_decay=0.1, period=3),
    "SOAP/one_sided": partial(Transcribed, rule=soap, lr=0.01, period=5, one_sided=True),
    "SOAP/max_dimension": partial(Transcribed, rule=soap, lr=0.01, betas=(0.9, 0.95), period=1, max_dimension=3),
    "SOAP/kl": partial(Transcribed, rule=kl_soap, lr=0.01),
    "SOAP/kl_options": partial(Transcribed, rule=kl_soap, lr=0.004, betas=(0.8, 0.9), shampoo_beta=0.7, eps=1e-3,
                               weight_decay=0.1, period=3),
    "SOAP/kl_one_sided": partial(Transcribed, rule=kl_soap, lr=0.01, period=5, one_sided=True),
    "SOAPMuon/plain": partial(Transcribed, rule=soap_muon, lr=2**-8),
    "SOAPMuon/options": partial(Transcribed, rule=soap_muon, lr=2**-8, momentum=0.9, beta2=0.8, shampoo_beta=0.7,
                                eps=0.1, weight_decay=0.5, nesterov=False, period=3),
    "SOAPMuon/one_sided": partial(Transcribed, rule=soap_muon, lr=2**-8, period=5, one_sided=True),
    "SOAPMuon/record_44": partial(Transcribed, rule=soap_muon, lr=2**-7, record="matrix"),
    "SOAPMuon/record_46": partial(Transcribed, rule=soap_muon, lr=2**-8, weight_decay=0.5, record="rows"),
}

# Where a first gradient of low rank leaves eigenvectors undetermined, SOAP depends on the ones that LAPACK returns.
ONLY = dict.fromkeys(["SOAP/default", "SOAP/options", "SOAP/kl", "SOAP/kl_options", "SOAPMuon/plain",
                      "SOAPMuon/options", "SOAPMuon/record_44", "SOAPMuon/record_46"], {"vector", "square"})
# A row of one coefficient has no direction.
ONLY["Muon/muown"] = {"matrix", "wide", "square"}


def problems_of(case):
    """(name, shapes) of the problems that a case runs on: all but "square" unless ONLY says which."""
    return [(name, shapes) for name, shapes in PROBLEMS.items() if name in ONLY.get(case, PROBLEMS.keys() - {"square"})]


def trajectory(make, shapes, dtype=torch.float64, disturbance=0.0):
    """Yields (step, all coefficients) at the recorded steps. The start is multiplied by 1 + disturbance."""
    grids = [np.mgrid[0.0:rows, 0.0:columns] for rows, columns in shapes]
    starts = [np.sin(1 + 1.3 * l + 0.7 * i + 0.4 * j) * (1 + disturbance) for l, (i, j) in enumerate(grids)]
    params = [torch.from_numpy(start).to(dtype) for start in starts]
    optimizer = make(params)
    recorded = getattr(optimizer, "recorded", lambda: params)
    for t in range(1, RECORDED[-1] + 1):
        for l, (p, (i, j)) in enumerate(zip(params, grids)):
            driven = torch.from_numpy(np.cos(0.5 * t + i + 2 * l) + 0.3 * np.sin(t * (j + 1)))
            p.grad = (0.6 * p.double() + driven).to(dtype)
        optimizer.step()
        if t in RECORDED:
            yield t, np.concatenate([p.numpy().ravel() for p in recorded()])


def effects_of_rounding(make, shapes):
    """Largest relative differences, from a start changed by 1e-15 and from float32, over the recorded steps."""
    exact = list(trajectory(make, shapes))
    for changes in {"disturbance": 1e-15}, {"dtype": torch.float32}:
        yield max(np.linalg.norm(a - b) / np.linalg.norm(b)
                  for (_, a), (_, b) in zip(trajectory(make, shapes, **changes), exact))


def show_rounding(prefix):
    """Prints what the tests' tolerances, 1e-12 in double and 1e-5 in float, have to cover."""
    failed = False
    for case, make in CASES.items():
        if not case.startswith(prefix):
            continue
        double, single = np.max([list(effects_of_rounding(make, shapes)) for _, shapes in problems_of(case)], axis=0)
        bad = double > 1e-13 or single > 1e-5
        failed |= bad
        print(f"{case:30} {double:8.1e} {single:8.1e}{'  too much' if bad else ''}")
    sys.exit(int(failed))


def main():
    parser = argparse.ArgumentParser(description="Reference trajectories for the tests.")
    parser.add_argument("--check", action="store_true", help=f"compare with the file; tolerance {TOLERANCE}")
    parser.add_argument("--rounding", metavar="PREFIX", nargs="?", const="",
                        help="show how far rounding carries each case, or those that start so")
    arguments = parser.parse_args()
    if arguments.rounding is not None:
        show_rounding(arguments.rounding)
    runs = {(case, problem, step): values
            for case, make in CASES.items()
            for problem, shapes in problems_of(case)
            for step, values in trajectory(make, shapes)}
    assert all(np.isfinite(values).all() for values in runs.values())
    if arguments.check:
        rows = [line.split() for line in OUTPUT.read_text().splitlines()[1:]]
        stored = {(row[0], row[1], int(row[2])): np.array(row[4:], dtype=float) for row in rows}
        if stored.keys() != runs.keys():
            sys.exit(f"{OUTPUT.name} has other cases, problems or steps than this script: run it without --check")
        difference, worst = max((np.abs(runs[key] - stored[key]).max(), key) for key in runs)
        print(f"{len(runs)} lines, largest difference {difference:.3g} at {worst}")
        sys.exit(int(difference > TOLERANCE))
    lines = [f"# python tests/reference/generate.py, torch {torch.__version__}, numpy {np.__version__}"]
    lines += [" ".join([*map(str, key), str(len(v)), *(f"{x:.17g}" for x in v)]) for key, v in runs.items()]
    OUTPUT.write_text("\n".join([*lines, ""]))


if __name__ == "__main__":
    main()
