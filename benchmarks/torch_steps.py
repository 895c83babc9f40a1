"""Training steps of the network `mlp` as one writes them in PyTorch, run by a Python that has it.

`python torch_steps.py WIDTH DIM POINTS` takes as many steps as a line of its input says, and prints the seconds of CPU
time that it has had. It imports nothing of edgemem, whose environment has no PyTorch.
"""

import math
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


BLOCKS, WAVES, EMBEDDING = 3, 8, 32
RATE, CLIP_NORM = 1e-3, 30.0


class Network(nn.Module):
    """The same network: c_skip x + c_out F(c_in x, t), with one product for the modulations of all blocks."""

    def __init__(self, width: int, dim: int):
        super().__init__()
        self.read, self.write = nn.Linear(dim, width), nn.Linear(width, dim)
        self.time, self.modulation = nn.Linear(2 * WAVES, EMBEDDING), nn.Linear(EMBEDDING, BLOCKS * width)
        self.first = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(BLOCKS))
        self.second = nn.ModuleList(nn.Linear(width, width) for _ in range(BLOCKS))
        self.register_buffer("wave", math.pi * torch.arange(1, WAVES + 1))

    def forward(self, x: torch.Tensor, t: torch.Tensor, mean_square: float) -> torch.Tensor:
        """Return the estimates of points, one a row, each at its own time, a column."""
        square = (1 - t) * (1 + t)
        total = square * mean_square + t**2
        angle = (torch.log(square / t**2) + 6.5) / 20.5 * self.wave
        embedding = F.silu(self.time(torch.cat([torch.cos(angle), torch.sin(angle)], dim=1)))
        h = self.read(x / torch.sqrt(total))
        shifts = self.modulation(embedding).chunk(BLOCKS, 1)
        for first, second, shift in zip(self.first, self.second, shifts, strict=True):
            h = h + second(F.silu(first(F.layer_norm(h, h.shape[1:])) + shift))
        return torch.sqrt(square) * mean_square / total * x + t * torch.sqrt(mean_square / total) * self.write(h)


def main() -> None:
    """Take steps as they are asked for."""
    width, dim, points = map(int, sys.argv[1:])
    torch.set_num_threads(1)
    torch.manual_seed(0)
    x, times = 1.4 * torch.randn(points, dim), torch.linspace(0.999, 0.001, 26)
    weight, mean_square = (1 - times) * (1 + times) / times**2, float((x**2).mean())
    network = Network(width, dim)
    adam = torch.optim.Adam(network.parameters(), RATE, fused=True)
    for line in sys.stdin:
        for _ in range(int(line)):
            chosen = torch.randint(len(times), (points,))
            t = times[chosen][:, None]
            noised = torch.sqrt((1 - t) * (1 + t)) * x + t * torch.randn(points, dim)
            error = (network(noised, t, mean_square) - x) ** 2
            adam.zero_grad()
            (weight[chosen] * error.sum(dim=1)).mean().backward()
            nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
            adam.step()
        print(time.process_time(), flush=True)


if __name__ == "__main__":
    main()
