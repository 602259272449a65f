"""Is what was drawn distributed as it should be? Tests whose false alarms are bounded, not estimated.

A share is tested by Chernoff's bound, P(share of n draws as far from p as s) <= 2 exp(-n KL(s || p)), a continuous
distribution by that of Dvoretzky, Kiefer, Wolfowitz and Massart. Each of the tests below calls a right answer wrong
with a probability of at most `FALSE_ALARM`, however many shares it looks at.
"""

import math

import torch
from torch import Tensor

FALSE_ALARM = 1e-8


def surprising(hits: Tensor, trials: int | Tensor, p: float | Tensor, tests: int | None = None) -> Tensor:
    """For counts of hits in so many independent trials: True where the share cannot be chance."""
    p = torch.as_tensor(p, dtype=torch.float64).clamp(1e-12, 1 - 1e-12)
    share = hits.double() / trials
    divergence = torch.special.xlogy(share, share / p) + torch.special.xlogy(1 - share, (1 - share) / (1 - p))
    return trials * divergence > math.log(2 * (tests or hits.numel()) / FALSE_ALARM)


def fault(hits: Tensor, p: float, row: str, column: str) -> str:
    """What is wrong with hits [rows, columns] that are to be independent, each with probability p; "" for nothing.

    Looks at all of them together, at each column and row, at all pairs of columns and of rows, and at whether the rows
    have different counts: `row` and `column` say in words what these are.
    """
    hits = hits.double()
    rows, columns = hits.shape
    total = hits.sum()
    if surprising(total, rows * columns, p):
        return f"a share of {total / hits.numel():.1%} where {p:.1%} is wanted"
    if surprising(hits.sum(0), rows, p).any():
        return f"the share is not the same for every {column}"
    if surprising(hits.sum(1), columns, p).any():
        return f"the share is not the same for every {row}"
    if _dependent(hits, p):
        return f"one {row} depends on another"
    if _dependent(hits.T, p):
        return f"one {column} depends on another of the same {row}"
    if _too_regular(hits.sum(1), columns, p):
        return f"the number of hits is nearly the same in every {row}: each is to be drawn independently of the others"
    return ""


def _dependent(hits: Tensor, p: float) -> bool:
    """True when two rows agree more, or less, often than chance can explain."""
    agreements = hits @ hits.T + (1 - hits) @ (1 - hits).T
    pairs = torch.ones_like(agreements).triu(1).bool()
    return bool(pairs.any()) and bool(surprising(agreements[pairs].round(), hits.shape[1], p**2 + (1 - p) ** 2).any())


def _too_regular(counts: Tensor, trials: int, p: float) -> bool:
    """True when counts lie nearer to their mean, or farther from it, than those of independent draws."""
    number = torch.arange(trials + 1, dtype=torch.float64)
    log_choose = math.lgamma(trials + 1) - torch.lgamma(number + 1) - torch.lgamma(trials - number + 1)
    chances = (log_choose + number * math.log(p) + (trials - number) * math.log(1 - p)).exp()
    near = (number - trials * p).abs() < 0.5 * math.sqrt(trials * p * (1 - p))
    hits = ((counts - trials * p).abs() < 0.5 * math.sqrt(trials * p * (1 - p))).sum()
    return bool(surprising(hits, len(counts), chances[near].sum()))


def not_uniform(values: Tensor, choices: int) -> bool:
    """True when whole numbers in 0 ... choices - 1 are not drawn equally often, and independently one after another."""
    counts = torch.bincount(values, minlength=choices)
    return len(counts) > choices or bool(surprising(counts, len(values), 1 / choices).any())


def repeating(values: Tensor, choices: int) -> bool:
    """True when whole numbers, uniform in 0 ... choices - 1, return after some draws more often than by chance."""
    lags = range(1, len(values) - 20)
    return choices > 1 and any(
        surprising((values[lag:] == values[:-lag]).sum(), len(values) - lag, 1 / choices, len(lags)) for lag in lags
    )


def not_normal(values: Tensor) -> bool:
    """True when numbers are not drawn from a standard normal distribution: their ranks, and their tails."""
    ordered = values.double().flatten().sort().values
    n = len(ordered)
    chances = torch.special.ndtr(ordered)
    steps = torch.arange(n + 1, dtype=torch.float64) / n
    distance = torch.maximum((chances - steps[:-1]).abs().max(), (chances - steps[1:]).abs().max())
    beyond = (ordered.abs() > 3).sum()
    tails = 2 * torch.special.ndtr(torch.tensor(-3.0, dtype=torch.float64))
    return bool(distance > math.sqrt(math.log(2 / FALSE_ALARM) / (2 * n))) or bool(surprising(beyond, n, tails))


def echoing(hits: Tensor) -> bool:
    """True when rows of fair coins [rows, columns] agree, or disagree, with rows that come a fixed number later."""
    rows, columns = hits.shape
    lags = range(1, rows - 20)
    same = torch.stack([(hits[lag:] == hits[:-lag]).sum() for lag in lags])
    trials = torch.tensor([(rows - lag) * columns for lag in lags])
    return bool(surprising(same, trials, 0.5).any())
