"""Every lab as a learner meets it, in a real browser: open, answered wrongly, hinted at, answered, scored."""

import pytest

from tests.browser.conftest import RUN_SECONDS
from tests.tools import browser
from tests.tools.labs import NOTEBOOKS, lab_of, solutions

# An answer to the first exercise that is nearly right, and what is said of it.
WRONG = {
    1: ("def entropy(p):\n    return -(p[p > 0] * p[p > 0].log()).sum()", "These are nats, not bits"),
    2: (
        "def encoder(q):\n"
        "    layers = [nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, q)]\n"
        "    return nn.Sequential(nn.Flatten(), *layers, nn.ReLU())",
        "no ReLU after the last layer",
    ),
    3: ("def l1_penalty(h):\n    return h.sum(1).mean()", "The absolute value is missing"),
    4: ("def mask(x, v):\n    return x * (torch.rand_like(x) < v)", "the other way round"),
    5: (
        "def central_mask(height, width, size):\n"
        "    mask = torch.zeros(1, 1, height, width)\n"
        "    mask[..., :size, :size] = 1\n"
        "    return mask",
        "The hole starts in the upper left corner",
    ),
    6: (
        "def reparameterise(mean, log_variance, noise):\n    return mean + log_variance.exp() * noise",
        "exp(log_variance) is the variance",
    ),
}


def head(source):
    """How a function or class begins, whatever its arguments."""
    return source.split("(")[0] + "("


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_learner_works_through_a_lab(opened, notebook, tmp_path):
    lab = lab_of(notebook)
    points = sum(exercise.points for exercise in lab.exercises.values())
    answers = solutions(lab)
    name, right = next(iter(answers.items()))
    wrong, reason = WRONG[int(notebook.name[:2])]
    folder = browser.folder_for("AEUTILS_SCREENSHOT_DIR", tmp_path)

    def look(step):
        page.page.screenshot(path=folder / f"{notebook.stem}-{step}.png")

    with opened(notebook, wanted=(".check(", "lab.score()")) as page:
        assert page.errors() == []
        assert f"0 of {points} points" in page.outputs(page.code("lab.score()"))
        stub, check = page.code(head(right)), page.code(f"lab.{name}.check({name})")
        stub.scroll_into_view_if_needed()
        look("1-open")
        assert "Not attempted yet" in page.outputs(check)

        page.write(stub, wrong)
        page.run(stub)
        found = page.run(check)
        look("2-wrong")
        assert "Not right yet" in found
        assert reason in found

        page.write_below(check, f"lab.{name}.hint()")
        hint = page.code(f"lab.{name}.hint()")
        assert "Hint 1 of" in page.run(hint)
        assert "Hint 2 of" in page.run(hint)
        look("3-hint")
        page.write(hint, f"lab.{name}.solution()")
        shown = page.code(f"lab.{name}.solution()")
        assert right.splitlines()[0] in page.run(shown)
        look("4-solution")

        for answer in answers.values():
            page.write(page.code(head(answer)), answer)
        page.run_all(RUN_SECONDS)
        for name in answers:
            assert "Right" in page.outputs(page.code(f"lab.{name}.check({name}"))  # of a bug, the cause follows
        check.scroll_into_view_if_needed()
        look("5-right")
        board = page.code("lab.score()")
        board.scroll_into_view_if_needed()
        look("6-score")
        assert f"{len(answers)} right, 0 wrong, 0 open; {points} of {points} points" in page.outputs(board)
