// Runs every registered test on every tier of this machine, or on the one named: qk_tests [tier] [part of a test's name].

#include <cstdio>
#include <cstring>
#include <vector>

#include "check.h"

namespace qk::test {
namespace {

struct Entry {
  const char* name;
  Test test;
};

std::vector<Entry>& Entries() {
  static std::vector<Entry> entries;
  return entries;
}

int failures = 0;
const char* running = "";

}  // namespace

Registration::Registration(const char* name, Test test) { Entries().push_back({name, test}); }

void Check(bool condition, const char* what, int line, const char* file) {
  if (condition) return;
  failures++;
  std::printf("FAILED %s: %s (%s:%d)\n", running, what, file, line);
}

}  // namespace qk::test

int main(int argc, char** argv) {
  using namespace qk;
  const char* only_tier = argc > 1 ? argv[1] : "";
  const char* only_name = argc > 2 ? argv[2] : "";
  const CpuFeatures features = DetectCpuFeatures();
  int runs = 0;
  for (int i = 0; i < kTierCount; i++) {
    const Tier tier = static_cast<Tier>(i);
    if (!IsSupported(tier, features) || (*only_tier != '\0' && std::strcmp(only_tier, TierName(tier)) != 0)) continue;
    const int before = runs;
    for (const int threads : {1, 3}) {
      Context context(tier, threads);
      for (const auto& [name, test] : test::Entries()) {
        if (std::strstr(name, only_name) == nullptr) continue;
        test::running = name;
        test(context);
        runs++;
      }
    }
    std::printf("%-10s %d tests\n", TierName(tier), runs - before);
  }
  std::printf("%d runs, %d failures\n", runs, test::failures);
  return runs > 0 && test::failures == 0 ? 0 : 1;
}
