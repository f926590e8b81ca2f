"""The tables that ``nvidia-smi`` prints of its own accord on a simulated node."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from deploy.simulator.gpus import Gpu, Process

_WIDTH = 89
_RULE = f"+{'-' * _WIDTH}+"
_COLUMNS = (
    "|-----------------------------------------+------------------------+----------------------+"
)
_DOUBLE = (
    "|=========================================+========================+======================|"
)
_END = "+-----------------------------------------+------------------------+----------------------+"
_HEAD = """\
| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |
| Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |
|                                         |                        |               MIG M. |"""
_INSTANCES = """\
| MIG devices:                                                                            |
+------------------+----------------------------------+-----------+-----------------------+
| GPU  GI  CI  MIG |                     Memory-Usage |        Vol|        Shared         |
|      ID  ID  Dev |                       BAR1-Usage | SM     Unc| CE ENC  DEC  OFA  JPG |
|                  |                                  |        ECC|                       |
|==================+==================================+===========+=======================|"""
_INSTANCES_END = (
    "+------------------+----------------------------------+-----------+-----------------------+"
)
_PROCESSES = """\
| Processes:                                                                              |
|  GPU   GI   CI              PID   Type   Process name                        GPU Memory |
|        ID   ID                                                               Usage      |
|=========================================================================================|"""
_NOTHING = (
    "|  No running processes found                                                             |"
)
_LONGEST_NAME = 36


def overview(driver: str, cuda: str, there: Sequence[Gpu], at: datetime) -> str:
    """The head, the GPUs, their instances, and what computes on them."""
    versions = f"NVIDIA-SMI {driver:<22} Driver Version: {driver:<14} CUDA Version: {cuda}"
    lines = [f"{at:%a %b %d %H:%M:%S %Y}       ", _RULE, f"| {versions:<{_WIDTH - 2}} |"]
    lines += [_COLUMNS, _HEAD, _DOUBLE]
    for gpu in there:
        lines += [*_gpu(gpu), _END]
    parts = [line for gpu in there for line in _instances(gpu)]
    if parts:
        lines += ["", _RULE, _INSTANCES, *parts]
    running = [_process(gpu, each) for gpu in there if not gpu.lost for each in gpu.processes]
    lines += ["", _RULE, _PROCESSES, *(running or [_NOTHING]), _RULE]
    return "".join(f"{line}\n" for line in lines)


def _gpu(gpu: Gpu) -> Iterator[str]:
    card, model = gpu.card, gpu.card.model
    state = "P0" if gpu.load else "P8"
    if gpu.lost:
        watts, memory, busy = "ERR! / ERR!", "GPU is lost", "ERR!"
        degrees = ecc = state = "ERR!"
    else:
        watts = f"{gpu.watts:.0f}W / {model.limit_watts:>4.0f}W"
        memory = f"{gpu.used_mib}MiB / {model.memory_mib:>6}MiB"
        busy = "N/A" if gpu.instances else f"{round(100 * gpu.load)}%"
        degrees, ecc = f"{gpu.celsius}C", "On" if gpu.instances else str(gpu.ecc)
    mig = "N/A" if not model.links else "Enabled" if gpu.instances else "Disabled"
    yield f"| {card.index:>3}  {model.name[:31]:<31}On  | {f'  {card.bus} Off':<22} | {ecc:>20} |"
    yield f"| N/A  {degrees:>4}  {state:>4}  {watts:>22} | {memory:>22} | {busy:>7}      Default |"
    yield f"| {'':<39} | {'':<22} | {mig:>20} |"


def _instances(gpu: Gpu) -> Iterator[str]:
    for device, part in enumerate(gpu.instances):
        place = f"{gpu.card.index:>3}  {part.number:>3}   0  {device:>2}"
        memory = f"{part.used_mib}MiB / {part.memory_mib}MiB"
        yield f"| {place} | {memory:>29}    | {14:>2} {0:>6} |  1   0    0    0    0 |"
        yield f"| {'':<16} | {'0MiB / 16383MiB':>31}  | {'':>9} | {'':>21} |"
        yield _INSTANCES_END


def _process(gpu: Gpu, process: Process) -> str:
    cut = process.instance is not None
    part, inner = (str(process.instance), "0") if cut else ("N/A", "N/A")
    name, used = process.name[-_LONGEST_NAME:], f"{process.used_mib}MiB"
    head = f"{gpu.card.index:>5}   {part:>3}  {inner:>3} {process.pid:>15}      C"
    return f"|{head}   {name:<{_LONGEST_NAME}}{used:>10} |"
