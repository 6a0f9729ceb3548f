#include "qk/tier.h"

namespace qk {

const char* TierName(Tier tier) {
  switch (tier) {
    case Tier::kScalar:
      return "scalar";
    case Tier::kAvx2:
      return "avx2";
    case Tier::kAvxVnni:
      return "avxvnni";
    case Tier::kAvx512Vnni:
      return "avx512vnni";
    case Tier::kNeon:
      return "neon";
    case Tier::kNeonDot:
      return "neondot";
  }
  return "";
}

bool Implies(Tier tier, Tier kernel) {
  if (tier == kernel || kernel == Tier::kScalar) return true;
  switch (tier) {
    case Tier::kAvxVnni:
    case Tier::kAvx512Vnni:
      return kernel == Tier::kAvx2;
    case Tier::kNeonDot:
      return kernel == Tier::kNeon;
    default:
      return false;
  }
}

bool IsSupported(Tier tier, const CpuFeatures& features) {
  switch (tier) {
    case Tier::kScalar:
      return true;
    case Tier::kAvx2:
      return features.avx2;
    case Tier::kAvxVnni:
      return features.avxvnni;
    case Tier::kAvx512Vnni:
      return features.avx512vnni;
    case Tier::kNeon:
      return features.neon;
    case Tier::kNeonDot:
      return features.neondot;
  }
  return false;
}

}  // namespace qk
