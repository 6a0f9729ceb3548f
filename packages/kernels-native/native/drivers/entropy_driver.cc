#include <algorithm>
#include <cmath>
#include <limits>

#include "qk/statistics_driver.h"

namespace qk {
namespace {

// Of N·(1 + log N): far more than what logarithms rounded in another way change in sums over all bins and groups.
constexpr double kTolerance = 1e-12;

// Sums over the first bins of a histogram, [bins + 1] each.
struct Prefix {
  double* below;          // counts
  double* entropy_below;  // counts·log counts
  int64_t* occupied;      // bins with a count
};

void Fill(const Prefix& p, const double* counts, int64_t bins) {
  p.below[0] = p.entropy_below[0] = 0;
  p.occupied[0] = 0;
  for (int64_t j = 0; j < bins; j++) {
    // Zeros that a ReLU makes would dominate everything: bin 0 counts as bin 1 does.
    const double count = counts[std::max<int64_t>(j, 1)];
    p.below[j + 1] = p.below[j] + count;
    p.occupied[j + 1] = p.occupied[j] + (count > 0 ? 1 : 0);
    p.entropy_below[j + 1] = p.entropy_below[j] + (count > 0 ? count * std::log(count) : 0);
  }
}

// What spreading the sum of [from, to) evenly over its occupied bins loses: Σ H·log H − G·log(G/z).
double SpreadLoss(const Prefix& p, const double* log_of, int64_t from, int64_t to) {
  const double sum = p.below[to] - p.below[from];
  if (!(sum > 0)) return 0;
  const int64_t bars = p.occupied[to] - p.occupied[from];
  return p.entropy_below[to] - p.entropy_below[from] - sum * (std::log(sum) - log_of[bars]);
}

// A group of the last candidate, and its loss.
struct Group {
  int64_t from, to;
  double loss;
};

// What the last group, clipping and normalization add to the losses of the other groups.
double LastGroup(const Prefix& p, const double* log_of, double last, int64_t from, int64_t i, double all) {
  const double inside = p.below[i];
  const double outliers = all - inside;
  double divergence = SpreadLoss(p, log_of, from, i) - all * std::log(all / inside);
  if (outliers > 0) {
    const double sum = inside - p.below[from];
    divergence += (last + outliers) * std::log(last + outliers) - last * std::log(last);
    divergence -= outliers * (std::log(sum) - log_of[p.occupied[i] - p.occupied[from]]);
  }
  return divergence;
}

}  // namespace

Status EntropyBins(Context& context, const double* counts, int64_t bins, int64_t levels, int32_t* kept) {
  *kept = static_cast<int32_t>(bins);
  if (bins <= levels) return Status::kOk;
  Scratch scratch(context);
  const Prefix p = {scratch.Take<double>(static_cast<size_t>(bins + 1)), scratch.Take<double>(static_cast<size_t>(bins + 1)),
                    scratch.Take<int64_t>(static_cast<size_t>(bins + 1))};
  const int64_t most_bars = CeilDiv(bins, levels) + 1;
  double* log_of = scratch.Take<double>(static_cast<size_t>(most_bars + 1));
  Group* groups = scratch.Take<Group>(static_cast<size_t>(levels));
  if (!p.below || !p.entropy_below || !p.occupied || !log_of || !groups) return Status::kOutOfMemory;
  Fill(p, counts, bins);
  const double all = p.below[bins];
  if (!(all > 0 && std::isfinite(all))) return Status::kOk;
  for (int64_t z = 0; z <= most_bars; z++) log_of[z] = std::log(static_cast<double>(z));
  std::fill_n(groups, levels, Group{0, 0, 0});

  const double tolerance = kTolerance * all * (1 + std::log(all));
  double best = std::numeric_limits<double>::infinity();
  double second = best;  // no other candidate is below it
  for (int64_t i = bins; i >= levels; i--) {
    const double last = counts[std::max<int64_t>(i - 1, 1)];
    if (last == 0 && (p.below[i] < all || p.below[i] == 0)) continue;
    double divergence = LastGroup(p, log_of, last, CeilDiv((levels - 1) * i, levels), i, all);
    // No loss is negative: a candidate is given up once it is worse.
    for (int64_t g = 0, from = 0; g < levels - 1 && divergence < best + tolerance; g++) {
      const int64_t to = CeilDiv((g + 1) * i, levels);
      if (from != groups[g].from || to != groups[g].to) groups[g] = {from, to, SpreadLoss(p, log_of, from, to)};
      divergence += groups[g].loss;
      from = to;
    }
    if (divergence < best) {
      second = best;
      best = divergence;
      *kept = static_cast<int32_t>(i);
    } else {
      second = std::min(second, divergence);
    }
  }
  if (std::isfinite(second) && !(second >= best + tolerance)) *kept = 0;
  return Status::kOk;
}

}  // namespace qk
