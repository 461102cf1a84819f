"""How every network is opened: ONNX Runtime on the CPU, one thread a run."""

from pathlib import Path

import onnxruntime


def open_session(model: Path | bytes) -> onnxruntime.InferenceSession:
    """A thread-safe session on a model file, or on the bytes of one.

    One thread a run, because requests run side by side: eight requests on two cores
    gain nothing from each being split in two. Memory patterns are off: they are kept
    for every shape of input that was ever seen, and a detector sees hundreds.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(
        source, options, providers=["CPUExecutionProvider"]
    )
