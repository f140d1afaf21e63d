// SPDX-License-Identifier: MIT
//
// How much memory does each optimizer take for GPT-2 (124 million parameters)? Prints the table of
// include/gradus/optimizers/README.md, in a minute. Nothing is trained, and the parameters are never touched.
//
//     OMP_NUM_THREADS=1 ./memory [BLOCKS]       BLOCKS: of the model, 12
#include <gradus/gradus.hpp>
#include <iomanip>
#include <iostream>
#include <string>

namespace {

using Eigen::MatrixXf;
using Eigen::VectorXf;

struct Linear {
  MatrixXf weight;
  VectorXf bias;
  GRADUS_LEAVES(weight, bias)

  Linear(int outputs, int inputs) : weight(outputs, inputs), bias(outputs) {}
};

struct Norm {
  VectorXf weight{768}, bias{768};
  GRADUS_LEAVES(weight, bias)
};

struct Block {
  Norm norm1{}, norm2{};
  Linear qkv{3 * 768, 768}, projection{768, 768}, up{4 * 768, 768}, down{768, 4 * 768};
  GRADUS_LEAVES(norm1, qkv, projection, norm2, up, down)
};

struct GPT2 {
  MatrixXf tokens{50257, 768}, positions{1024, 768};
  std::vector<Block> blocks;
  Norm norm{};
  GRADUS_LEAVES(tokens, positions, blocks, norm)
};

GPT2 model;

template <class O>
void print(const char* name, const O& optimizer) {
  const gradus::Memory memory = gradus::memory(optimizer, model);
  const auto parameters = static_cast<double>(memory.parameters);
  const auto megabytes = [](std::size_t bytes) { return static_cast<double>(bytes) / 1e6; };
  std::cout << "| " << name << " | " << std::setprecision(0) << megabytes(memory.state) << " | "
            << megabytes(memory.scratch) << " | " << std::setprecision(2)
            << static_cast<double>(memory.total()) / parameters << " |" << std::endl;
}

bool is_hidden(const gradus::LeafInfo& leaf) {
  return gradus::is_matrix(leaf) && leaf.name.starts_with("blocks.");
}

// As such methods are used: AdamW steps embeddings and vectors.
template <class O>
void print_hidden(const char* name, const O& optimizer) {
  print(name, gradus::route(is_hidden, optimizer, gradus::AdamW{}));
}

}  // namespace

int main(int argc, char** argv) {
  using namespace gradus;
  model.blocks.resize(argc > 1 ? std::stoul(argv[1]) : 12);
  std::cout << std::fixed
            << "| optimizer | state, MB | scratch, MB | θ, state and scratch, times θ |\n|---|--:|--:|--:|\n";
  print("`SGD`", SGD{});
  print("`Momentum`, `Lion`, `Signum`", Lion{});
  print("`Nesterov`", Nesterov{});
  print("`AdaGrad`", AdaGrad{});
  print("`RMSProp`", RMSProp{});
  print("`RMSProp`, centered, momentum", RMSProp{.momentum = 0.9, .centered = true});
  print("`AdaDelta`", AdaDelta{});
  print("`Adam`, `AdamW`, `NAdam`, `RAdam`, `AdaMax`, `AdaBelief`, `LaProp`, `ADOPT`", AdamW{});
  print("`small_state(AdamW)`", small_state(AdamW{}));
  print("`eight_bit_state(AdamW)`", eight_bit_state(AdamW{}));
  print("`AMSGrad`, `AdEMAMix`, `MARS`", AMSGrad{});
  print("`Adan`", Adan{});
  print("`Rprop`", Rprop{});
  print("`ASGD`", ASGD{});
  print("`LARS`", LARS{});
  print("`LAMB`", LAMB{});
  print("`Adafactor`", Adafactor{});
  print("`CAME`", CAME{});
  print("`ScheduleFreeSGD`", ScheduleFreeSGD{});
  print("`ScheduleFreeAdamW`", ScheduleFreeAdamW{});
  print("`Prodigy`", Prodigy{});
  print("`Sophia`", sophia([](const auto&, auto&, auto) {}));
  print_hidden("`Muon` + `AdamW`", Muon{});
  print_hidden("`NorMuon` + `AdamW`", NorMuon{});
  print_hidden("`AdaMuon` + `AdamW`", AdaMuon{});
  print("`Scion`, a norm for each layer",
        route([](const LeafInfo& leaf) { return leaf.name == "tokens"; }, presets::scion_output(3000),
              [](const LeafInfo& leaf) { return leaf.name == "positions"; }, presets::scion_embedding(),  //
              is_hidden, presets::scion_hidden(50), presets::scion_bias(50)));
  print_hidden("`Dion2` + `AdamW`", Dion2{});
  print_hidden("`Dion`, rank ¼, + `AdamW`", Dion{.rank_fraction = 0.25});
  print_hidden("`Shampoo` + `AdamW`", Shampoo{});
  print_hidden("`SOAP` + `AdamW`", SOAP{});
  print_hidden("`PSGDKron` + `AdamW`", PSGDKron{});
}
