#ifndef QK_TABLE_H_
#define QK_TABLE_H_

#include "qk/tier.h"

namespace qk {

// One entry of a dispatch table: a kernel, and the instruction set it was written for.
template <class Function>
struct Op {
  Function run;
  Tier tier;
};

// Calls back once per operation of a family, for nativeInfo().
using OpVisitor = void (*)(void* context, const char* operation, Tier tier);

// One finished table per tier, built once and never written again. A family's `build` assigns slow to fast, so that what a
// tier does not have of its own stays what the tier below put there.
template <class Table>
class Tables {
 public:
  explicit Tables(Table (*build)(Tier)) {
    for (int i = 0; i < kTierCount; i++) tables_[i] = build(static_cast<Tier>(i));
  }
  const Table& operator[](Tier tier) const { return tables_[static_cast<int>(tier)]; }

 private:
  Table tables_[kTierCount];
};

}  // namespace qk

#endif  // QK_TABLE_H_
