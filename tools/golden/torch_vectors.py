"""torch's fake quantization and symmetric observer. torch multiplies by 1/scale, so results next to ties may differ."""

import numpy as np

from encoding import hex_of


def make(seed):
    try:
        import torch
        from torch.ao.quantization.observer import MinMaxObserver, PerChannelMinMaxObserver
    except ImportError:
        return None
    random = np.random.default_rng(seed)
    cases, observers = [], []
    for dtype, qmin, qmax in (("int8", -128, 127), ("uint8", 0, 255), ("int4", -8, 7), ("uint4", 0, 15), ("int8", -127, 127)):
        shape = (6, 40)
        scale = np.exp2(random.uniform(-7, 0, 6)).astype(np.float32)
        zero = random.integers(qmin, qmax + 1, 6).astype(np.int32)
        x = (random.standard_normal(shape) * scale[:, None] * (qmax - qmin) / 4).astype(np.float32)
        tensor = torch.fake_quantize_per_tensor_affine(torch.tensor(x), float(scale[0]), int(zero[0]), qmin, qmax)
        channel = torch.fake_quantize_per_channel_affine(
            torch.tensor(x), torch.tensor(scale), torch.tensor(zero), 0, qmin, qmax
        )
        shared = {"dtype": dtype, "qmin": qmin, "qmax": qmax, "shape": list(shape), "x": hex_of(x)}
        cases.append({**shared, "axis": None, "scale": hex_of(scale[:1]), "zeroPoint": [int(zero[0])], "real": hex_of(tensor.numpy())})
        cases.append({**shared, "axis": 0, "scale": hex_of(scale), "zeroPoint": zero.tolist(), "real": hex_of(channel.numpy())})
    for qmin, qmax in ((-128, 127), (-127, 127), (-64, 63), (-8, 7)):
        x = (random.standard_normal((8, 50)) * np.exp2(random.uniform(-6, 6, (8, 1)))).astype(np.float32)
        options = dict(dtype=torch.qint8, quant_min=qmin, quant_max=qmax)
        tensor = MinMaxObserver(qscheme=torch.per_tensor_symmetric, **options)
        channel = PerChannelMinMaxObserver(ch_axis=0, qscheme=torch.per_channel_symmetric, **options)
        for axis, observer in ((None, tensor), (0, channel)):
            observer(torch.tensor(x))
            scale, zero = observer.calculate_qparams()
            assert not zero.any()
            observers.append({
                "qmin": qmin, "qmax": qmax, "axis": axis, "shape": [8, 50], "x": hex_of(x),
                "scale": hex_of(scale.numpy().astype(np.float32).ravel()),
            })
    return {"torch": torch.__version__, "numpy": np.__version__}, {"cases": cases, "symmetricObservers": observers}
