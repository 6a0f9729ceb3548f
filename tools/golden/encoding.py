"""How arrays are written into the JSON files."""

import numpy as np


def hex_of(array: np.ndarray) -> str:
    """Little-endian bytes of an array, in hexadecimal."""
    return np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes().hex()


def storage(array: np.ndarray, dtype: str) -> np.ndarray:
    """Codes in the storage type of the reader: one byte up to 8 bits, else two."""
    signed = dtype.startswith("int")
    bits = int(dtype.removeprefix("u").removeprefix("int"))
    kind = {(8, True): np.int8, (8, False): np.uint8, (16, True): np.int16, (16, False): np.uint16}
    return array.astype(np.int32).astype(kind[(8 if bits <= 8 else 16, signed)])
