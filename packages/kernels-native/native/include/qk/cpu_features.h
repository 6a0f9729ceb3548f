#ifndef QK_CPU_FEATURES_H_
#define QK_CPU_FEATURES_H_

namespace qk {

// What this CPU can do and the operating system saves across context switches.
struct CpuFeatures {
  bool avx2;        // AVX2, FMA, F16C, BMI1, BMI2, LZCNT, POPCNT
  bool avxvnni;     // 256-bit VNNI in VEX encoding
  bool avx512vnni;  // AVX-512 F, BW, VL, DQ, CD, VNNI, VBMI, VPOPCNTDQ
  bool neon;        // ARMv8-A Advanced SIMD
  bool neondot;     // ARMv8.2 dot product
};

CpuFeatures DetectCpuFeatures();

// Physical cores this process may use, at least 1.
int PhysicalCores();

}  // namespace qk

#endif  // QK_CPU_FEATURES_H_
