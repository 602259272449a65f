"""The contract itself: what passes, as what it arrives, and what is refused in which words."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from aeutils.checks import File, Flag, Number, OneOf, Sizes, Text, Whole, checked
from aeutils.checks.tensors import Codes, Doubles, Holes, Images, Labels, Probabilities

X = torch.rand(2, 1, 4, 6)
NAN = float("nan")
GREY, RED = Image.new("L", (6, 4), 255), Image.new("RGB", (6, 4), "red")


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        (Whole(), np.int64(3), 3),
        (Whole(), torch.tensor(3), 3),
        (Whole(0, 3), np.uint8(0), 0),
        (Whole(1) | None, None, None),
        (Number(), Fraction(1, 2), 0.5),
        (Number(0, 1), np.float32(0.5), 0.5),
        (Number(0, 1), torch.tensor(0.25), 0.25),
        (Number(above=0), 3, 3),
        (Flag(), np.bool_(True), True),
        (Text(), "", ""),
        (OneOf("a", "b"), "b", "b"),
        (Sizes(2), [np.int64(3), 4], (3, 4)),
        (File(), "~/a", Path("~/a").expanduser()),
    ],
)
def test_a_plain_value_arrives_as_python_s(kind, value, wanted):
    got = kind("it", value)
    assert got == wanted
    assert type(got) is type(wanted)


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (Whole(), True, "it is True; expected a whole number, 1 or above"),
        (Whole(), torch.tensor(True), "it is True; expected a whole number"),
        (Whole(), np.bool_(True), "it is True; expected a whole number"),
        (Whole(), 2.0, "it is 2.0; expected a whole number"),
        (Whole(), torch.tensor([3]), r"it is int64 \[1\]; expected a whole number"),
        (Whole(1, 3), 4, "it is 4; expected a whole number, from 1 to 3"),
        (Whole(), "3", "it is '3'; expected"),
        (Whole(), None, "it is None; expected"),
        (Number(), NAN, "it is nan; expected a finite number"),
        (Number(0), -1, "it is -1; expected a number, 0 or above"),
        (Number(0, 1), 1.5, "it is 1.5; expected a number from 0 to 1"),
        (Number(above=0), 0, "it is 0; expected a number above 0"),
        (Number(above=0, below=1), 1, "it is 1; expected a number between 0 and 1"),
        (Number(0, below=1), 1.0, "it is 1.0; expected a number from 0 to less than 1"),
        (Number(), 1j, "it is 1j; expected"),
        (Number(), 10**400, "expected a finite number"),
        (Flag(), 1, "it is 1; expected True or False"),
        (Text(filled=True), " ", "it is ' '; expected a text that is not empty"),
        (OneOf("a", "b"), "c", "it is 'c'; expected one of a, b"),
        (OneOf("a", "b"), ["a"], r"it is \['a'\]; expected one of a, b"),
        (Sizes(), (), r"it is \(\); expected a tuple of sizes"),
        (Sizes(2), (3,), r"it is \(3,\); expected a tuple of 2 sizes"),
        (Sizes(), (True, 2), r"it is \(True, 2\); expected"),
        (Sizes(), 3, "it is 3; expected a tuple"),
        (File(), 3, "it is 3; expected a path"),
        (File(), "a\0b", "expected a path"),
        (File(), "", "it is ''; expected a path"),
    ],
)
def test_another_is_refused(kind, value, words):
    with pytest.raises(ValueError, match=words):
        kind("it", value)


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        (Images("N C H W"), (X * 255).byte(), (X * 255).byte() / 255),
        (Images("N C H W", stored=True), (X * 255).byte(), (X * 255).byte()),
        (Images("N C H W"), X.numpy().astype(np.float64), X),
        (Images("N C H W"), X.tolist(), X),
        (Images("N C H W"), GREY, torch.ones(1, 1, 4, 6)),
        (Images("N C H W"), [RED, RED], torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1).expand(2, 3, 4, 6)),
        (Images("C H W"), RED, torch.tensor([1.0, 0, 0]).view(3, 1, 1).expand(3, 4, 6)),
        (Images("N C H W", noisy=True), X + 1.5, X + 1.5),
        (Codes("N q"), [[1, 2], [3, 4]], torch.tensor([[1.0, 2], [3, 4]])),
        (Codes("N q"), [torch.ones(2), torch.zeros(2)], torch.tensor([[1.0, 1], [0, 0]])),
        (Codes("q"), [torch.tensor(1.0), np.float64(2), 3], torch.tensor([1.0, 2, 3])),
        (Codes("q"), np.array([1.0, 2])[::-1], torch.tensor([2.0, 1])),
        (Codes("q"), np.array([1, 2], dtype=">f4"), torch.tensor([1.0, 2])),
        (Codes("N q"), torch.ones(2, 3).double(), torch.ones(2, 3).double()),
        (Doubles("..."), [1, 1e-46], torch.tensor([1, 1e-46], dtype=torch.float64)),
        (Labels("N"), np.array([1, 2], dtype=np.uint8), torch.tensor([1, 2])),
        (Holes("N 1 H W"), (X > -1).numpy(), X > -1),
        (Probabilities("... K"), [0.5, 0.5], torch.tensor([0.5, 0.5]).double()),
    ],
)
def test_arrays_lists_and_pictures_are_welcome(kind, value, wanted):
    got = kind("it", value)
    assert got.dtype == wanted.dtype
    assert torch.equal(got, wanted)


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (
            Images("N C H W"),
            X[0],
            r"it is float32 \[1, 4, 6\]; expected images \[N, C, H, W\].* make a batch: x\[None\]",
        ),
        (Images("N C H W"), X * 255, r"it has values from .*expected images.*Divide 0..255 by 255"),
        (Images("N C H W", noisy=True), X * 255, r"it has values from .*Divide 0..255 by 255"),
        (Images("N C H W"), X * NAN, "it holds NaN or infinity"),
        (Images("N C H W"), (X * 255).long(), r"it is int64 .*\.to\(torch.uint8\)"),
        (Images("N C H W"), X > 0.5, "it is bool"),
        (Images("N C H W"), X[:0], r"it is float32 \[0, 1, 4, 6\]; expected images.* It is empty"),
        (Images("N C H W"), X.to_sparse(), "it is float32"),
        (Images("N C H W"), [GREY, RED], "expected images"),
        (Images("N 3 H W"), X, r"expected images \[N, 3, H, W\]"),
        (Images("N D *shape"), X[:, 0, 0, 0], r"expected images \[N, D, \*shape\]"),
        (Codes("N q"), [[1, 2], [3]], r"it is \[\[1, 2\], \[3\]\]; expected codes \[N, q\]"),
        (Codes("N q"), [[1, True]], r"it is \[\[1, True\]\]; expected codes"),
        (Codes("q"), ["1", "2"], "expected codes"),
        (Codes("q"), "12", "it is '12'; expected codes"),
        (Codes("q"), {1.0, 2.0}, "expected codes"),
        (Codes("q"), np.ma.array([1.0, 2], mask=[True, False]), "expected codes"),
        (Codes("q"), torch.ones(2) * 1j, "it is complex64"),
        (Codes("q"), np.array(["a", "b"]), "expected codes"),
        (Codes("q q"), torch.ones(2, 3), r"expected codes \[q, q\]"),
        (Labels("N"), torch.ones(2), r"it is float32 \[2\]; expected labels \[N\], whole numbers"),
        (Labels("N"), torch.tensor([True]), "it is bool"),
        (Labels("N"), [-1, 0], "it holds -1; expected labels"),
        (Holes("N 1 H W"), X, r"it is float32 .*expected a hole.* hole > 0.5"),
        (Holes("N 1 H W"), X < 0, "it is empty for some image"),
        (Probabilities("... K"), [0.5, 0.4], "it is no distribution: it sums to 0.9, not to 1"),
        (Probabilities("... K"), [1.5, -0.5], "it must not be negative"),
        (Probabilities("... K"), 1.0, r"it is 1.0; expected probabilities \[..., K\]"),
    ],
)
def test_wrong_shapes_types_and_values_are_refused(kind, value, words):
    with pytest.raises(ValueError, match=words):
        kind("it", value)


@checked
def example(
    x: Images("N C H W"),
    y: Images("N C H W"),
    count: Whole(1) = 2,
    codes: Mapping[str, Codes("M q")] | None = None,
    names: Sequence[str] = (),
    function: Callable[[int], int] | None = None,
    path: str | Path = "a",
    flag: bool = True,
    share: float = 0.5,
    module: torch.nn.Module | None = None,
    *more: Whole(1),
):
    return x, y, count, codes, names, function, path, flag, share, module, more


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"y": X[:1]}, r"y is float32 \[1, 1, 4, 6\]; expected images .* N is 2 because of x"),
        ({"y": X.mT}, r"H is 4 because of x"),
        ({"count": True}, "count is True; expected a whole number, 1 or above"),
        ({"codes": {}}, r"codes is \{\}; expected a dictionary, by name: codes \[M, q\]"),
        ({"codes": torch.ones(2)}, "expected a dictionary"),
        ({"codes": {"a": torch.ones(2)}}, r"codes\['a'\] is float32 \[2\]; expected codes \[M, q\]"),
        ({"codes": {"a": torch.ones(2, 2), "b": torch.ones(3, 2)}}, r"codes\['b'\] .* M is 2 because of codes\['a'\]"),
        ({"names": "ab"}, "names is 'ab'; expected a list"),
        ({"names": ["a", 1]}, r"names\[1\] is 1; expected a text"),
        ({"function": 3}, "function is 3; expected a function"),
        ({"path": 3}, "path is 3; expected a text or a Path"),
        ({"flag": 1}, "flag is 1; expected True or False"),
        ({"share": NAN}, "share is nan; expected a finite number"),
        ({"module": torch.nn.ReLU}, r"module is the class ReLU; expected a Module. Make one: ReLU\(...\)"),
        ({"module": object()}, "module is of type object; expected a Module"),
    ],
)
def test_a_signature_is_kept(options, words):
    with pytest.raises(ValueError, match=words):
        example(**{"x": X, "y": X} | options)


def test_what_is_good_arrives_converted_and_defaults_as_they_are():
    x, _, count, codes, names, *_, more = example(
        X, X, np.int64(3), {"a": [[1, 2]]}, ("a",), None, "b", False, 1, None, 5
    )
    assert torch.equal(x, X)
    assert (count, names, more) == (3, ["a"], (5,))
    assert codes["a"].dtype == torch.float32
    assert example(X, X)[4] == ()


def test_a_missing_argument_is_named_by_python():
    with pytest.raises(TypeError, match=r"example\(\) missing 1 required positional argument: 'y'"):
        example(X)


def test_a_class_is_checked_where_it_is_made():
    @checked
    class Thing:
        def __init__(self, size: Whole(1)):
            self.size = size

    assert Thing(np.int64(2)).size == 2
    with pytest.raises(ValueError, match="size is 0"):
        Thing(0)


def test_inside_nothing_is_checked():
    assert example.inside(X, None)[1] is None


def test_gradients_pass_and_values_are_not_read_where_they_cannot_be():
    @checked
    def total(x: Codes("N q")):
        return x.square().sum()

    x = torch.ones(2, 3, requires_grad=True)
    total(x).backward()
    assert torch.equal(x.grad, torch.full((2, 3), 2.0))
    assert torch.equal(torch.func.grad(total)(torch.ones(2, 3)), torch.full((2, 3), 2.0))
    assert torch.func.vmap(total)(torch.ones(4, 2, 3)).shape == (4,)


def test_nothing_that_comes_as_an_array_is_changed():
    @checked
    def zero(x: Codes("q")):
        return x.zero_()

    array = np.ones(2, dtype=np.float32)
    zero(array)
    assert array.tolist() == [1, 1]
