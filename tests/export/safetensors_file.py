"""Reads a safetensors file by the description of the format, and checks what it asks for."""
import json
import struct

import numpy as np


def read(path):
    """The header, and {name: array}."""
    with open(path, "rb") as f:
        data = f.read()
    bytes_of_header, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + bytes_of_header])
    assert bytes_of_header % 8 == 0
    values, end = {}, 0
    for name, facts in sorted(((n, f) for n, f in header.items() if n != "__metadata__"), key=lambda item: item[1]["data_offsets"]):
        first, last = facts["data_offsets"]
        assert first == end, "no gaps"
        end = last
        dtype = {"F32": np.float32, "I64": np.int64}[facts["dtype"]]
        assert first % np.dtype(dtype).itemsize == 0
        values[name] = np.frombuffer(data[8 + bytes_of_header:][first:last], dtype).reshape(facts["shape"])
    assert 8 + bytes_of_header + end == len(data)
    return header, values
