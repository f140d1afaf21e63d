// SPDX-License-Identifier: MIT
//
// How much memory does each optimizer take, and how much does a step move? For GPT-2 (124 million
// parameters), which gives the table of include/gradus/optimizers/README.md, or for any other model. Nothing
// is trained, and the parameters are never touched.
//
//     ./memory --model llama-7B --bits 16 --optimizer AdamW
//     ./memory --shapes 784x300,300 --block 300x300,300 --blocks 4
#include <gradus/gradus.hpp>
#include <map>

#include "support.hpp"

#ifdef _OPENMP
#include <omp.h>
#endif

// 1. A model: leaves that are there once, and blocks, all alike. A leaf is a matrix or a vector.

struct Shape {
  int rows, cols;
};

struct Shapes {
  std::vector<Shape> once, block;
  int blocks = 0;
};

// `biases` and learned positions, as in GPT-2; tied embeddings.
Shapes gpt2(int width, int blocks) {
  const int w = width;
  return {{{50257, w}, {1024, w}, {w, 1}, {w, 1}},
          {{3 * w, w},
           {3 * w, 1},
           {w, w},
           {w, 1},
           {4 * w, w},
           {4 * w, 1},
           {w, 4 * w},
           {w, 1},
           {w, 1},
           {w, 1},
           {w, 1},
           {w, 1}},
          blocks};
}

// No biases, gated layers, embeddings beside the output layer; `shared` is the width of keys and values.
Shapes llama(int vocabulary, int width, int shared, int hidden, int blocks) {
  const int w = width;
  return {{{vocabulary, w}, {vocabulary, w}, {w, 1}},
          {{w, w}, {shared, w}, {shared, w}, {w, w}, {hidden, w}, {hidden, w}, {w, hidden}, {w, 1}, {w, 1}},
          blocks};
}

const std::map<std::string, Shapes> models{
    {"gpt2-124M", gpt2(768, 12)},
    {"gpt2-1.5B", gpt2(1600, 48)},
    {"llama-7B", llama(32000, 4096, 4096, 11008, 32)},
    {"llama-65B", llama(32000, 8192, 8192, 22016, 80)},
    {"llama3-8B", llama(128256, 4096, 1024, 14336, 32)},
};

template <class Scalar>
struct Leaves {
  std::vector<Eigen::MatrixX<Scalar>> matrices;
  std::vector<Eigen::VectorX<Scalar>> vectors;
  GRADUS_LEAVES(matrices, vectors)

  explicit Leaves(const std::vector<Shape>& shapes) {
    for (const auto& [rows, cols] : shapes) {
      if (cols > 1) {
        matrices.emplace_back(rows, cols);
      } else {
        vectors.emplace_back(rows);
      }
    }
  }
};

template <class Scalar>
struct Model {
  Leaves<Scalar> once;
  std::vector<Leaves<Scalar>> blocks;
  GRADUS_LEAVES(once, blocks)

  Model(const Shapes& shapes, int count) : once(shapes.once) {
    for (int i = 0; i < count; ++i) blocks.emplace_back(shapes.block);
  }
};

bool is_hidden(const gradus::LeafInfo& leaf) {
  return gradus::is_matrix(leaf) && leaf.name.starts_with("blocks.");
}

// 2. A line of the table.

template <class Scalar>
class Table {
 public:
  Table(const Shapes& shapes, std::string wanted, double bandwidth)
      : wanted_(std::move(wanted)),
        bandwidth_(bandwidth),
        blocks_(shapes.blocks),
        one_(shapes, std::min(blocks_, 1)),
        two_(shapes, std::min(blocks_, 2)) {
    std::printf("| optimizer | state, MB | scratch, MB | θ, state and scratch, times θ | moved, MB | ms |\n");
    std::printf("|---|--:|--:|--:|--:|--:|\n");
  }

  template <class O>
  void add(const std::string& name, const O& optimizer) const {
    if (name.find(wanted_) == std::string::npos) return;
    const gradus::Memory memory = of_all(optimizer);
    const auto megabytes = [](std::size_t bytes) { return static_cast<double>(bytes) / 1e6; };
    // Read and written: θ and the state. Read: the gradients, which are as large as θ.
    const double moved = megabytes(3 * memory.parameters + 2 * memory.state);
    std::printf("| %s | %.0f | %.0f | %.2f | %.0f | %.3g |\n", name.c_str(), megabytes(memory.state),
                megabytes(memory.scratch), megabytes(memory.total()) / megabytes(memory.parameters), moved,
                moved / bandwidth_);
    std::fflush(stdout);
  }

  // As such methods are used: AdamW steps embeddings and vectors.
  template <class O>
  void add_hidden(const std::string& name, const O& optimizer) const {
    add(name + " + `AdamW`", gradus::route(is_hidden, optimizer, gradus::AdamW{}));
  }

 private:
  // Every block after the first adds as much as the second.
  template <class O>
  gradus::Memory of_all(const O& optimizer) const {
    gradus::Memory one = gradus::memory(optimizer, one_), two = gradus::memory(optimizer, two_);
    const auto others = static_cast<std::size_t>(std::max(blocks_ - 1, 0));
    return {one.parameters + others * (two.parameters - one.parameters),
            one.state + others * (two.state - one.state), one.scratch + others * (two.scratch - one.scratch)};
  }

  std::string wanted_;
  double bandwidth_;
  int blocks_;
  Model<Scalar> one_, two_;  // with so many blocks, if there are as many
};

// 3. The tables, in 32 bits and in 16.

void print_float(const Table<float>& table) {
  using namespace gradus;
  table.add("`SGD`", SGD{});
  table.add("`Momentum`, `Lion`, `Signum`", Lion{});
  table.add("`Nesterov`", Nesterov{});
  table.add("`AdaGrad`", AdaGrad{});
  table.add("`RMSProp`", RMSProp{});
  table.add("`RMSProp`, centered, momentum", RMSProp{.momentum = 0.9, .centered = true});
  table.add("`AdaDelta`", AdaDelta{});
  table.add("`Adam`, `AdamW`, `NAdam`, `RAdam`, `AdaMax`, `AdaBelief`, `LaProp`, `ADOPT`", AdamW{});
  table.add("`small_state(AdamW)`", small_state(AdamW{}));
  table.add("`eight_bit_state(AdamW)`", eight_bit_state(AdamW{}));
  table.add("`AMSGrad`, `AdEMAMix`, `MARS`", AMSGrad{});
  table.add("`Adan`", Adan{});
  table.add("`Rprop`", Rprop{});
  table.add("`ASGD`", ASGD{});
  table.add("`LARS`", LARS{});
  table.add("`LAMB`", LAMB{});
  table.add("`Adafactor`", Adafactor{});
  table.add("`CAME`", CAME{});
  table.add("`ScheduleFreeSGD`", ScheduleFreeSGD{});
  table.add("`ScheduleFreeAdamW`", ScheduleFreeAdamW{});
  table.add("`Prodigy`", Prodigy{});
  table.add("`Sophia`", sophia([](const auto&, auto&, auto) {}));
  table.add_hidden("`Muon`", Muon{});
  table.add_hidden("`NorMuon`", NorMuon{});
  table.add_hidden("`AdaMuon`", AdaMuon{});
  table.add(
      "`Scion`, a norm for each layer",
      route([](const LeafInfo& leaf) { return leaf.name == "once.matrices.0"; }, presets::scion_output(3000),
            [](const LeafInfo& leaf) { return is_matrix(leaf) && !is_hidden(leaf); },
            presets::scion_embedding(),  //
            is_hidden, presets::scion_hidden(50), presets::scion_bias(50)));
  table.add_hidden("`Dion2`", Dion2{});
  table.add_hidden("`Dion`, rank ¼", Dion{.rank_fraction = 0.25});
  table.add_hidden("`Shampoo`", Shampoo{});
  table.add_hidden("`SOAP`", SOAP{});
  table.add_hidden("`PSGDKron`", PSGDKron{});
}

void print_bfloat16(const Table<Eigen::bfloat16>& table) {
  using namespace gradus;
  table.add("`SGD`", SGD{});
  table.add("`Momentum`, `Lion`", Lion{});
  table.add("`AdamW`", AdamW{});
  table.add("`compensated(AdamW)`", compensated(AdamW{}));
  table.add("`master_weights(AdamW)`", master_weights(AdamW{}));
  table.add("`compensated(eight_bit_state(AdamW))`", compensated(eight_bit_state(AdamW{})));
  table.add_hidden("`Muon`", Muon{});
}

// 4. The command line.

// Such as "784x300,300".
std::vector<Shape> parse_shapes(const examples::Options& options, const std::string& name) {
  std::vector<Shape> shapes;
  for (const std::string& item : options.list(name)) {
    Shape shape{0, 1};
    char times = 'x', rest = 0;
    std::istringstream stream(item);
    stream >> shape.rows;
    if (!stream.eof()) stream >> times >> shape.cols;
    if (!stream || stream >> rest || times != 'x' || shape.rows < 1 || shape.cols < 1) {
      throw examples::UsageError(name + " takes shapes such as 784x300,300, not '" + item + "'");
    }
    shapes.push_back(shape);
  }
  return shapes;
}

int memory(const examples::Options& options) {
  const bool own = options.given("--shapes") || options.given("--block");
  const auto found = models.find(options.text("--model"));
  if (found == models.end()) throw examples::UsageError("unknown model '" + options.text("--model") + "'");
  Shapes shapes =
      own ? Shapes{parse_shapes(options, "--shapes"), parse_shapes(options, "--block"), 1} : found->second;
  if (options.given("--blocks")) shapes.blocks = options.integer("--blocks", 0);
  const double bandwidth = options.number("--bandwidth");
  if (!(bandwidth > 0)) throw examples::UsageError("--bandwidth must be positive");
  const std::string wanted = options.given("--optimizer") ? options.text("--optimizer") : "";
  const int bits = options.integer("--bits", 16, 32);
#ifdef _OPENMP
  omp_set_num_threads(1);  // each has scratch memory of its own
#endif
  if (bits == 32) {
    print_float({shapes, wanted, bandwidth});
  } else if (bits == 16) {
    print_bfloat16({shapes, wanted, bandwidth});
  } else {
    throw examples::UsageError("--bits takes 16 or 32");
  }
  return 0;
}

int main(int argc, char** argv) {
  std::string about =
      "Memory that optimizers take beside a model, with one thread; what a step moves, if it reads "
      "parameters,\n"
      "gradients and state once, and writes parameters and state; and how long that takes.\n\nModels:";
  for (const auto& model : models) about += "\n  " + model.first;
  return examples::run(argc, argv, about.c_str(),
                       {{"--model", "gpt2-124M", "one of these"},
                        {"--shapes", "", "or leaves of your own, such as 784x300,300"},
                        {"--block", "", "and those that are repeated"},
                        {"--blocks", "that of the model, or 1", "how often"},
                        {"--optimizer", "all", "only lines with this text"},
                        {"--bits", "32", "of a parameter: 32, or 16, bfloat16"},
                        {"--bandwidth", "60", "of the memory, in GB/s"}},
                       memory);
}
