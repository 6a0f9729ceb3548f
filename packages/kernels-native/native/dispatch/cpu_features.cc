#include "qk/cpu_features.h"

#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace qk {
namespace {

#if defined(__x86_64__)

struct Registers {
  uint32_t eax, ebx, ecx, edx;
};

Registers Cpuid(uint32_t leaf, uint32_t subleaf) {
  Registers r = {0, 0, 0, 0};
  __get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx);
  return r;
}

bool HasAll(uint32_t value, uint32_t bits) { return (value & bits) == bits; }

// XCR0: the register state that the operating system saves. Needs OSXSAVE.
uint32_t SavedState() {
  uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

CpuFeatures DetectX86() {
  CpuFeatures features = {};
  const Registers one = Cpuid(1, 0);
  const Registers seven = Cpuid(7, 0);
  const Registers seven_one = Cpuid(7, 1);
  const Registers extended = Cpuid(0x80000001, 0);
  constexpr uint32_t kOsxsave = 1u << 27;
  if (!HasAll(one.ecx, kOsxsave)) return features;
  const uint32_t saved = SavedState();
  constexpr uint32_t kYmm = 0x6;   // SSE and AVX state
  constexpr uint32_t kZmm = 0xe6;  // and opmask, upper halves, registers 16 to 31

  constexpr uint32_t kFma = 1u << 12, kPopcnt = 1u << 23, kAvx = 1u << 28, kF16c = 1u << 29;  // 1.ecx
  constexpr uint32_t kBmi1 = 1u << 3, kAvx2 = 1u << 5, kBmi2 = 1u << 8;                       // 7.ebx
  constexpr uint32_t kLzcnt = 1u << 5;                                                        // 80000001.ecx
  features.avx2 = HasAll(saved, kYmm) && HasAll(one.ecx, kFma | kPopcnt | kAvx | kF16c) &&
                  HasAll(seven.ebx, kBmi1 | kAvx2 | kBmi2) && HasAll(extended.ecx, kLzcnt);

  constexpr uint32_t kAvxVnni = 1u << 4;  // 7.1.eax
  features.avxvnni = features.avx2 && HasAll(seven_one.eax, kAvxVnni);

  constexpr uint32_t kF = 1u << 16, kDq = 1u << 17, kCd = 1u << 28, kBw = 1u << 30, kVl = 1u << 31;  // 7.ebx
  constexpr uint32_t kVbmi = 1u << 1, kVnni = 1u << 11, kVpopcntdq = 1u << 14;                       // 7.ecx
  features.avx512vnni = features.avx2 && HasAll(saved, kZmm) && HasAll(seven.ebx, kF | kDq | kCd | kBw | kVl) &&
                        HasAll(seven.ecx, kVbmi | kVnni | kVpopcntdq);
  return features;
}

#elif defined(__aarch64__)

CpuFeatures DetectArm() {
  CpuFeatures features = {};
  features.neon = true;  // part of ARMv8-A
#if defined(__APPLE__)
  int value = 0;
  size_t size = sizeof value;
  features.neondot = sysctlbyname("hw.optional.arm.FEAT_DotProd", &value, &size, nullptr, 0) == 0 && value != 0;
#else
  features.neondot = (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#endif
  return features;
}

#endif

}  // namespace

CpuFeatures DetectCpuFeatures() {
#if defined(__x86_64__)
  return DetectX86();
#elif defined(__aarch64__)
  return DetectArm();
#else
  return CpuFeatures{};
#endif
}

}  // namespace qk
