#include "qk/peak.h"

#include <vector>

#include "check.h"

namespace qk::test {
namespace {

// The results depend on every round: twice the rounds, twice the count.
void CountsEveryRound(Context& context) {
  const PeakTable& table = PeakTables(context.tier());
  Check(table.i8.run.run(10) != table.i8.run.run(20), "int8 rounds");
  Check(table.shift.run.run(10) != table.shift.run.run(20), "shift rounds");
  Check(table.f32.run.run(10) != table.f32.run.run(20), "float rounds");
  Check(table.b1.run.operations > table.i8.run.operations, "bits are faster than bytes");
}

void ReadsEverything(Context& context) {
  const PeakTable& table = PeakTables(context.tier());
  const Guarded<uint8_t> data(1024);
  for (int64_t i = 0; i < data.size(); i++) data[i] = 0;
  const uint64_t before = table.read.run(data.data(), data.size());
  for (int64_t i = 0; i < data.size(); i += 8) {
    data[i] = 1;
    Check(table.read.run(data.data(), data.size()) != before, "every word counts");
    data[i] = 0;
  }
}

const Registration rounds("peak counts every round", CountsEveryRound);
const Registration reads("peak reads everything", ReadsEverything);

}  // namespace
}  // namespace qk::test
