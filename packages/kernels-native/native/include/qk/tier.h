#ifndef QK_TIER_H_
#define QK_TIER_H_

#include <cstdint>

#include "qk/cpu_features.h"

namespace qk {

// Instruction sets with kernels of their own, slow to fast within one architecture. Names are feature names.
enum class Tier : int32_t { kScalar, kAvx2, kAvxVnni, kAvx512Vnni, kNeon, kNeonDot };

inline constexpr int kTierCount = 6;

// "scalar", "avx2", "avxvnni", "avx512vnni", "neon", "neondot".
const char* TierName(Tier tier);

// Whether a CPU chosen as `tier` also runs kernels written for `kernel`. avx512vnni does not imply avxvnni: Ice Lake and Zen 4
// have only the 512-bit form.
bool Implies(Tier tier, Tier kernel);

// Whether this build has the tier's kernels and the CPU runs them.
bool IsSupported(Tier tier, const CpuFeatures& features);

}  // namespace qk

#endif  // QK_TIER_H_
