// SPDX-License-Identifier: MIT
//
// Gradients of all leaves in one line of bytes, which ranks exchange bucket by bucket.
// not in the umbrella: it needs MPI 3.1 or later (Debian: libopenmpi-dev)
#pragma once

#include <bit>
#include <gradus/distributed/agree.hpp>
#include <gradus/distributed/pairwise_mean.hpp>

namespace GRADUS_NAMESPACE::mpi::detail {

// The numbers of a bucket: how many bytes they take when they travel and when they are added, and how they
// are added.
struct Kind {
  std::size_t sent, added;
  void (*mean)(const std::byte* from, Index count, Index runs, double divisor, std::byte* to);
  void (*add)(const std::byte* older, std::byte* newer, Index count);

  bool operator==(const Kind&) const = default;
};

template <class Sent, class Added>
struct KindOf {
  static void mean(const std::byte* from, Index count, Index runs, double divisor, std::byte* to) {
    mpi::pairwise_mean(reinterpret_cast<const Sent*>(from), count, runs, divisor,
                       reinterpret_cast<Added*>(to));
  }
  static void add(const std::byte* older, std::byte* newer, Index count) {
    const auto* a = reinterpret_cast<const Added*>(older);
    auto* b = reinterpret_cast<Added*>(newer);
    for (Index i = 0; i < count; ++i) b[i] = a[i] + b[i];
  }
  static constexpr Kind kind{sizeof(Sent), sizeof(Added), &mean, &add};
};

struct LineLeaf {
  Index size;
  Kind kind;
  std::size_t at = 0;          // where it begins in the line, in bytes
  std::int64_t gradients = 0;  // of it so far
};

// All ranks begin and end the exchanges of the same buckets in the same order, whatever goes wrong on one of
// them. A bucket travels when all leaves in it, and before it, have the gradients of all micro-batches: first
// every rank gets its share from all others and makes the mean, then the means go to all.
class Buckets {
 public:
  Buckets(Communicator& ranks, std::vector<LineLeaf> leaves, std::int64_t micro_batches,
          std::size_t bucket_bytes)
      : ranks_(&ranks), leaves_(std::move(leaves)), micro_batches_(micro_batches) {
    std::size_t end = 0, receive = 0;
    for (LineLeaf& leaf : leaves_) {
      const auto most = static_cast<Index>(std::max<std::size_t>(bucket_bytes / leaf.kind.added, 1));
      const bool other = leaf.size > 0 && !buckets_.empty() && buckets_.back().kind != leaf.kind;
      leaf.at = end = other ? (end + 63) / 64 * 64 : end;
      for (Index left = leaf.size; left > 0;) {
        if (buckets_.empty() || buckets_.back().kind != leaf.kind || buckets_.back().count == most) {
          buckets_.push_back({end, 0, leaf.kind, {}, {}, {}});
        }
        const Index taken = std::min(left, most - buckets_.back().count);
        buckets_.back().count += taken, left -= taken;
        end += static_cast<std::size_t>(taken) * leaf.kind.added;
      }
    }
    const auto p = static_cast<std::size_t>(ranks.size());
    for (Bucket& bucket : buckets_) {
      const auto offset = [&](std::size_t q, std::size_t bytes) {
        return static_cast<int>(share_begin(bucket, static_cast<Index>(q)) * static_cast<Index>(bytes));
      };
      for (std::size_t q = 0; q <= p; ++q) {
        bucket.sent_at.push_back(offset(q, bucket.kind.sent));
        bucket.means_at.push_back(offset(q, bucket.kind.added));
      }
      receive = std::max(receive, p * static_cast<std::size_t>(own_count(bucket)) * bucket.kind.sent);
    }
    line_.resize(end);
    for (auto& slot : received_) slot.resize(receive);
    branches_.resize(static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(micro_batches - 1))),
                     line_);
  }

  // A copy has as much room, and nothing in it.
  Buckets(const Buckets& other)
      : ranks_(other.ranks_),
        leaves_(other.leaves_),
        buckets_(other.buckets_),
        line_(other.line_),
        received_(other.received_),
        branches_(other.branches_),
        micro_batches_(other.micro_batches_) {
    clear();
  }
  Buckets& operator=(const Buckets& other) {
    if (this == &other) return *this;
    finish();
    ranks_ = other.ranks_, micro_batches_ = other.micro_batches_;
    leaves_ = other.leaves_, buckets_ = other.buckets_;
    line_ = other.line_, received_ = other.received_, branches_ = other.branches_;
    clear();
    return *this;
  }

  // What has begun can be ended, but not called off. While an exception flies, the others may never come to
  // the end: then the memory stays MPI's.
  ~Buckets() {
    if (started_ == ended_ && ended_ == arrived_) return;
    if (std::uncaught_exceptions() > 0) {
      new std::array{std::move(line_), std::move(received_[0]), std::move(received_[1])};
      new std::vector<Bucket>(std::move(buckets_));
    } else {
      try {
        finish();
      } catch (const std::exception&) {
        MPI_Abort(MPI_COMM_WORLD, 1);
      }
    }
  }

  const LineLeaf& leaf(std::size_t i) const { return leaves_[i]; }
  std::int64_t micro_batches() const { return micro_batches_; }
  std::size_t leaf_count() const { return leaves_.size(); }
  std::size_t bucket_count() const { return buckets_.size(); }

  // Calls `f(begin, end, numbers)` for the parts of a leaf that lie in one bucket each: where they are to be
  // written, in the width in which they travel.
  template <class F>
  void for_each_run(std::size_t i, const F& f) {
    const LineLeaf& leaf = leaves_[i];
    const auto begins_after = [](std::size_t at, const Bucket& bucket) { return at < bucket.at; };
    auto bucket = std::upper_bound(buckets_.begin(), buckets_.end(), leaf.at, begins_after);
    Index done = 0;
    if (leaf.size > 0) --bucket;
    for (; done < leaf.size; ++bucket) {
      const auto offset = static_cast<Index>(
          (leaf.at + static_cast<std::size_t>(done) * leaf.kind.added - bucket->at) / leaf.kind.added);
      const Index count = std::min(leaf.size - done, bucket->count - offset);
      f(done, done + count, line_.data() + bucket->at + static_cast<std::size_t>(offset) * leaf.kind.sent);
      done += count;
    }
  }

  // The numbers of a leaf have been written: adds them to those of the micro-batches before, and starts what
  // can travel.
  void written(std::size_t i) {
    LineLeaf& leaf = leaves_[i];
    const auto before = static_cast<std::uint64_t>(leaf.gradients++);
    const bool is_last = leaf.gradients == micro_batches_;
    const std::size_t bytes = static_cast<std::size_t>(leaf.size) * leaf.kind.added;
    std::byte* const newest = line_.data() + leaf.at;
    for (std::size_t k = 0; k < branches_.size(); ++k) {
      std::byte* const branch = branches_[k].data() + leaf.at;
      if ((before >> k) % 2 == 1) {
        leaf.kind.add(branch, newest, leaf.size);
      } else if (!is_last) {
        std::copy_n(newest, bytes, branch);
        break;
      }
    }
    while (ready_ < leaves_.size() && leaves_[ready_].gradients == micro_batches_) ++ready_;
    const std::size_t ready_until = ready_ < leaves_.size() ? leaves_[ready_].at : line_.size();
    while (started_ < buckets_.size() && end_of(buckets_[started_]) <= ready_until) start();
    if (started_ > ended_) ranks_->progress(buckets_[started_ - 1].request);
  }

  // Sends what has not been sent, written or not, and waits until all means are here.
  void finish() {
    while (started_ < buckets_.size()) start();
    while (ended_ < started_) end_exchange();
    while (arrived_ < ended_) ranks_->wait(buckets_[arrived_++].request);
  }

  // The mean of a leaf, after `finish`.
  const std::byte* mean(std::size_t i) const { return line_.data() + leaves_[i].at; }

  // For the next micro-batches, after `finish`.
  void clear() {
    for (LineLeaf& leaf : leaves_) leaf.gradients = 0;
    for (Bucket& bucket : buckets_) bucket.request = MPI_REQUEST_NULL;
    ready_ = started_ = ended_ = arrived_ = 0;
  }

 private:
  struct Bucket {
    std::size_t at;
    Index count;
    Kind kind;
    std::vector<int> sent_at, means_at, lengths;  // shares of ranks, in bytes from `at`; MPI's to read
    MPI_Request request = MPI_REQUEST_NULL;
  };

  Index share_begin(const Bucket& bucket, Index rank) const { return bucket.count * rank / ranks_->size(); }
  Index own_count(const Bucket& bucket) const {
    return share_begin(bucket, ranks_->rank() + 1) - share_begin(bucket, ranks_->rank());
  }
  std::size_t end_of(const Bucket& bucket) const {
    return bucket.at + static_cast<std::size_t>(bucket.count) * bucket.kind.added;
  }

  // Two buckets at a time are on the way.
  void start() {
    if (started_ >= ended_ + 2) end_exchange();
    Bucket& bucket = buckets_[started_];
    bucket.request = ranks_->start_exchange(line_.data() + bucket.at, bucket.sent_at,
                                            received_[started_ % 2].data(), bucket.lengths);
    ++started_;
  }
  void end_exchange() {
    Bucket& bucket = buckets_[ended_];
    ranks_->wait(bucket.request);
    const auto me = static_cast<std::size_t>(ranks_->rank());
    std::byte* const line = line_.data() + bucket.at;
    bucket.kind.mean(received_[ended_ % 2].data(), own_count(bucket), ranks_->size(),
                     static_cast<double>(micro_batches_) * ranks_->size(), line + bucket.means_at[me]);
    bucket.request = ranks_->start_gather(line, bucket.means_at, bucket.lengths);
    ++ended_;
  }

  Communicator* ranks_;
  std::vector<LineLeaf> leaves_;  // from the last to the first
  std::vector<Bucket> buckets_;
  std::vector<std::byte> line_;
  std::array<std::vector<std::byte>, 2> received_;
  std::vector<std::vector<std::byte>> branches_;  // sums of 1, 2, 4, ... micro-batches, lines like `line_`
  std::int64_t micro_batches_;
  std::size_t ready_ = 0;  // leaves, from the front
  std::size_t started_ = 0, ended_ = 0,
              arrived_ = 0;  // buckets whose exchange has begun, ended, whose means are here
};

}  // namespace GRADUS_NAMESPACE::mpi::detail
