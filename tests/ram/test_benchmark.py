import json

import pytest
import torch

from ram.benchmark import main, matrix_products
from ram.config import RAMConfig


def test_report_has_every_part(capsys: pytest.CaptureFixture[str]) -> None:
    threads = torch.get_num_threads()
    try:
        assert main(["--json", "--quick", "--device", "cpu"]) == 0
    finally:
        torch.set_num_threads(threads)
    report = json.loads(capsys.readouterr().out)
    assert set(report) == {"machine", "training", "answering", "costs", "memory"}
    for row in report["training"]:
        share = row["images_per_s"] / row["matrix_products_images_per_s"]
        assert row["share"] == pytest.approx(share, rel=0.1)  # on a busy machine few images, and rounded
        assert row["share"] > 0
    assert report["answering"]["one_image_ms"] > 0
    assert "one_image_compiled_ms" not in report["answering"]
    assert report["memory"]["process_mb"] > 50


def test_matrix_products_are_those_of_a_training_step(monkeypatch: pytest.MonkeyPatch) -> None:
    products = []
    monkeypatch.setattr(torch, "mm", lambda left, right: products.append((left.shape, right.shape)))
    config = RAMConfig(glimpse_size=3, num_glimpses=2, hidden_size=5, glimpse_hidden_size=7)
    matrix_products(config, 4, "float32", torch.device("cpu"))()
    multiplications = sum(left[0] * left[1] * right[1] for left, right in products)
    # A glimpse of four episodes: 9 -> 7 forward and for its weights, 14 -> 5 and twice 5 -> 5 also for the input.
    assert multiplications == 2 * 4 * (2 * 9 * 7 + 3 * (14 * 5 + 2 * 5 * 5))


def test_missing_data_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", "nowhere"]) == 1
    assert capsys.readouterr().err.startswith("ram.benchmark: nowhere")
