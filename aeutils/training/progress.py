"""One line of progress: tqdm in a terminal, the same line updated in place in a notebook."""

import sys

from tqdm import tqdm

FORMAT = "{desc} {percentage:3.0f}% |{bar:20}| {elapsed}{postfix}"


class _Bar(tqdm):
    """tqdm that is told the position and the loss parts, and can end with a sentence."""

    def advance(self, position: int, stage: str, parts: dict[str, float]) -> None:
        """Move to `position` of the total and show the loss parts."""
        self.set_postfix_str(stage + "".join(f", {name} {value:.4g}" for name, value in parts.items()), refresh=False)
        self.update(position - self.n)

    def say(self, sentence: str) -> None:
        """End the line with a sentence, also where no bar is drawn."""
        self.set_postfix_str(sentence)
        if self.disable:
            print(f"{self.label}: {sentence}")


class _NotebookBar(_Bar):
    """Draws into one display output, so that a stored notebook holds one last line and no stderr."""

    handle = None

    def display(self, msg=None, pos=None):
        from IPython.display import display

        content = {"text/plain": str(self)}
        if self.handle is None:
            self.handle = display(content, raw=True, display_id=True)
        else:
            self.handle.update(content, raw=True)

    def clear(self, nolock=False):
        """Nothing to wipe: the display output is replaced as a whole."""

    def close(self):
        if not self.disable:
            self.disable = True
            self.display()


def in_notebook() -> bool:
    """True inside a Jupyter kernel."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell is not None and hasattr(shell, "kernel")


def progress(total: int, initial: int, label: str, show: bool = True) -> _Bar:
    """A bar for `total` steps. Without `show`, or a terminal or notebook to draw in, it stays silent."""
    notebook = in_notebook()
    options = {"mininterval": 0.2, "bar_format": FORMAT, "disable": (False if notebook else None) if show else True}
    bar = (_NotebookBar if notebook else _Bar)(desc=label, total=total, initial=initial, **options)
    bar.label = label
    return bar
