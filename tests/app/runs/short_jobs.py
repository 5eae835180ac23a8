"""Short runs in a server's queue, for tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.runs.jobs import Jobs
from app.runs.run_list import Job
from ram.checkpoints import SHIPPED
from ram.config import RAMConfig, TrainConfig
from ram.train import main
from ram.training.run_folder import RunConfig
from tests.processes import wait_until

ROOT = Path(__file__).parents[3]
MODEL = RAMConfig(num_glimpses=2, hidden_size=32, glimpse_hidden_size=16)
# 128 digits in batches of 32: four steps an epoch.
SHORT = TrainConfig.of(train_images=128, validation_images=100, batch_size=32, rollouts=1, epochs=3)
LONG = SHORT.replace(train_images=4000, epochs=1_000)
MNIST = SHIPPED / "mnist.safetensors"


def submit(jobs: Jobs, training: TrainConfig = SHORT, name: str = "run", model: RAMConfig = MODEL) -> str:
    return jobs.submit(RunConfig("mnist", model, training), name, start=None, drawings=None)


def known(jobs: Jobs, job_id: str) -> Job:
    job = jobs.get(job_id)
    assert job is not None
    return job


def wait(jobs: Jobs, job_id: str, condition: Callable[[Job], bool]) -> Job:
    """Ticks as the server's thread does until the run is as wanted."""

    def seen() -> Job | None:
        jobs.tick()
        job = known(jobs, job_id)
        return job if condition(job) else None

    job = wait_until(seen)
    assert job is not None
    return job


def status(*wanted: str) -> Callable[[Job], bool]:
    return lambda job: job.status in wanted


def train_here(jobs: Jobs, job_id: str) -> None:
    """Trains a run as its process would, without starting one."""
    assert main(["--resume", str(jobs.run_folder(job_id).path), "--threads", "1"]) == 0


def trains(job: Job) -> bool:
    return job.status == "running" and job.state.step > 0 and job.has_checkpoint
