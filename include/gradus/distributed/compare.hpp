// SPDX-License-Identifier: MIT
//
// Whether ranks are about to train the same model in the same way, and what differs if not.
// not in the umbrella: it needs MPI 3.1 or later (Debian: libopenmpi-dev)
#pragma once

#include <gradus/concepts.hpp>
#include <gradus/core/state.hpp>
#include <gradus/distributed/agree.hpp>
#include <typeinfo>

namespace GRADUS_NAMESPACE::mpi {

namespace detail {

// FNV-1a.
struct Hash {
  std::uint64_t value = 0xcbf29ce484222325;

  void add(const void* bytes, std::size_t size) {
    for (const auto* at = static_cast<const unsigned char*>(bytes); size > 0; --size, ++at) {
      value = (value ^ *at) * 0x100000001b3;
    }
  }
};

// A number or a choice as text that differs where they differ; nothing for what is neither.
template <class Value>
std::string value_text(const Value& value) {
  if constexpr (gradus::detail::is_optional<Value>) {
    return value ? mpi::detail::value_text(*value) : "none";
  } else if constexpr (std::is_enum_v<Value>) {
    return std::to_string(static_cast<long long>(value));
  } else if constexpr (std::is_floating_point_v<Value>) {
    std::ostringstream text;
    text.precision(std::numeric_limits<Value>::max_digits10);
    text << value;
    return text.str();
  } else if constexpr (std::is_arithmetic_v<Value>) {
    return std::to_string(value);
  } else {
    return {};
  }
}

// The numbers and choices of an optimizer. No memory is taken: this is asked in every step.
template <class O>
void add_fields(Hash& hash, const O& optimizer) {
  if constexpr (gradus::detail::NamesItsFields<O>) {
    optimizer.visit_fields([&](std::string_view, const auto& value) {
      using Value = std::remove_cvref_t<decltype(value)>;
      if constexpr (std::is_arithmetic_v<Value> || std::is_enum_v<Value>) {
        hash.add(&value, sizeof value);
      } else if constexpr (gradus::detail::is_optional<Value>) {
        const bool given = value.has_value();
        hash.add(&given, sizeof given);
        if (given) hash.add(&*value, sizeof *value);
      } else {
        mpi::detail::add_fields(hash, value);
      }
    });
  }
}

// One line each: the leaves of a tree, and the fields of an optimizer.
template <class P>
std::string leaves_text(const P& params) {
  std::ostringstream text;
  gradus::walk(
      "gradus",
      [&](const Path& path, const auto& leaf) {
        using Scalar = typename std::remove_cvref_t<decltype(leaf)>::Scalar;
        text << "leaf '" << path.name() << "' is\t" << leaf.rows() << " x " << leaf.cols() << " of "
             << (sizeof(Scalar) == 8                       ? "double"
                 : sizeof(Scalar) == 4                     ? "float"
                 : std::is_same_v<Scalar, Eigen::half>     ? "half"
                 : std::is_same_v<Scalar, Eigen::bfloat16> ? "bfloat16"
                                                           : "long double")
             << '\n';
      },
      params);
  return text.str();
}
template <class O>
std::string fields_text(const O& optimizer) {
  std::string text = "the optimizer's type is\t";
  text.append(typeid(O).name()).append("\n");
  gradus::for_each_field(optimizer, [&](const std::string& name, const auto& value) {
    if (const auto is = mpi::detail::value_text(value); !is.empty()) text += name + " is\t" + is + '\n';
  });
  return text;
}

// The first line in which two texts differ, as a sentence.
inline std::string difference(const std::string& mine, const std::string& of_first) {
  std::istringstream here(mine), there(of_first);
  std::string a, b;
  while (a == b && (here || there)) {
    a.clear(), b.clear();
    std::getline(here, a), std::getline(there, b);
  }
  const std::size_t tab = a.find('\t');
  const bool same_name = tab != a.npos && a.substr(0, tab) == b.substr(0, b.find('\t'));
  if (same_name) b = "it is " + b.substr(tab + 1);
  std::string text = (a.empty() ? "nothing" : a) + ", but on rank 0 " + (b.empty() ? "nothing" : b);
  std::replace(text.begin(), text.end(), '\t', ' ');
  return text;
}

// An optimizer that was made without the function of its name has no ranks.
inline void require_ranks(const Communicator* ranks, const char* maker) {
  if (ranks == nullptr) {
    throw std::invalid_argument(std::string("gradus::mpi: an optimizer without ranks: make it by ") + maker +
                                "(optimizer, ranks)");
  }
}

}  // namespace detail

/// Throws `RankError`, on all ranks, unless they all bring the same `text`: one `NAME is<tab>VALUE` a line.
/// It names the first rank that differs from rank 0, and what differs. Where nothing does, the ranks exchange
/// 16 bytes.
inline void require_equal(const Communicator& ranks, std::string_view who, const std::string& text) {
  detail::Hash hash;
  hash.add(text.data(), text.size());
  const auto [most, least] = ranks.largest(std::array{hash.value, ~hash.value});
  if (most == ~least) return;
  const std::string of_first = ranks.broadcast(text, 0);
  mpi::agree(ranks,
             text == of_first ? std::string() : std::string(who) + ": " + detail::difference(text, of_first));
}

/// The same for the fields of an optimizer. Asked in every step, because a schedule may stand at another
/// place on one rank, which nothing else would show.
template <class O>
void require_equal_fields(const Communicator& ranks, std::string_view who, const O& optimizer) {
  detail::Hash hash;
  detail::add_fields(hash, optimizer);
  const auto [most, least] = ranks.largest(std::array{hash.value, ~hash.value});
  if (most != ~least) mpi::require_equal(ranks, who, detail::fields_text(optimizer));
}

/// Throws `RankError`, on all ranks, unless trees have the same bits on all of them: for tests, and once in a
/// while in a run. Every coefficient is read once; 16 bytes are exchanged.
template <class P>
void require_equal_bits(const Communicator& ranks, std::string_view who, const P& params) {
  std::string text;
  gradus::walk(
      "gradus",
      [&](const Path& path, const auto& leaf) {
        using Scalar = typename std::remove_cvref_t<decltype(leaf)>::Scalar;
        constexpr std::size_t size = std::numeric_limits<Scalar>::digits == 64 ? 10 : sizeof(Scalar);  // x87
        detail::Hash hash;
        for (Index j = 0; j < leaf.cols(); ++j) {
          for (Index i = 0; i < leaf.rows(); ++i) {
            const Scalar value = leaf(i, j);
            hash.add(&value, size);
          }
        }
        text += "the hash of leaf '" + path.name() + "' is\t" + std::to_string(hash.value) + '\n';
      },
      params);
  mpi::require_equal(ranks, who, text);
}

}  // namespace GRADUS_NAMESPACE::mpi
