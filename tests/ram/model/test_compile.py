"""The compiled step loop, in a process of its own: the checks of shapes that tests run with cannot be compiled."""

import locale
import os
import shutil
import subprocess
import sys
from pathlib import Path

COMPARE = """
import copy, pickle, sys
import torch
import torch._inductor.config as inductor
from ram import RAM, RAMConfig

model = RAM(RAMConfig(glimpse_size=4, num_glimpses=2, hidden_size=16, glimpse_hidden_size=8)).eval()
image, start = torch.rand(28, 28), torch.tensor([0.25, -0.5])
before = model.rollout(image, sample_locations=False, initial_location=start)
for compiler in sys.argv[1:]:
    inductor.cpp.cxx = (None, compiler)
    with torch.inference_mode():
        print("compiled" if model.compile_walk() else "as it was")
        after = model.rollout(image, sample_locations=False, initial_location=start)
    for mine, its in zip(before, after, strict=True):
        torch.testing.assert_close(mine, its)
for copied in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
    for parameter in copied.parameters():
        parameter.data.zero_()
    its = copied.rollout(image, sample_locations=False, initial_location=start)
    torch.testing.assert_close(its.class_probs, torch.full((2, 10), 0.1))
    assert its.location_means[1:].eq(0).all()
"""

# Without these, PyTorch first compiles programs that tell what the processor can do, and a header for programs to come.
QUICKLY = {"TORCHINDUCTOR_VEC_ISA_OK": "1", "TORCHINDUCTOR_CPP_CACHE_PRECOMPILE_HEADERS": "0"}


def test_compiled_or_not_the_model_sees_and_says_the_same(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COMPARE, "no-such-compiler", "g++"],
        env={**os.environ, **QUICKLY, "TORCHINDUCTOR_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    can_compile = shutil.which("g++") and locale.getencoding().lower() == "utf-8"
    assert done.stdout.splitlines() == ["as it was", "compiled" if can_compile else "as it was"]
