"""`python -m aeutils COMMAND`: lab, train, weights, bench, data, progress, site, doctor."""

from __future__ import annotations  # so that `doctor` can tell that a Python is too old

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn


def lab(arguments: argparse.Namespace) -> None:
    """start JupyterLab on the course's notebooks (further options go to JupyterLab)"""
    from aeutils.jupyter.launch import launch

    sys.exit(launch(arguments.jupyter))


def train(arguments: argparse.Namespace) -> None:
    """train a model by name, report its measures, save weights and recipe; torchrun starts it on several devices"""
    from aeutils.weights.making import main

    main(arguments)


def weights(arguments: argparse.Namespace) -> None:
    """train the weights that come with the course, by name (default: all), into data/weights"""
    from aeutils.weights.published import table
    from aeutils.weights.sets import SETS, WEIGHTS, file, make

    if arguments.table:
        print(table(arguments.out or WEIGHTS))
        return
    for name in arguments.names:
        file(name)  # an unknown one is told before the others are trained
    for name in arguments.names or SETS:
        make(name, arguments.out or WEIGHTS, arguments.epochs, arguments.replace)


def bench(arguments: argparse.Namespace) -> None:
    """time the usual training loop against ours; prints a table, writes JSON"""
    from aeutils.bench.compare import main

    main(arguments.out, arguments.rounds, arguments.names, arguments.quick)


def data(arguments: argparse.Namespace) -> None:
    """load data sets by name (downloading what is missing) and say where each came from; 1 if one cannot be had"""
    from aeutils.data import NAME, load

    for name in arguments.names:
        NAME("name", name)  # an unknown one is told before the others are downloaded
    missing = []
    for name in arguments.names:
        loaded = load(name)
        print(f"{name}: {loaded.name}, {len(loaded.train):,} + {len(loaded.test):,} samples ({loaded.source})")
        if loaded.name != name:
            missing.append(name)
    if missing:
        raise OSError(f"only a stand-in is there for {', '.join(missing)}")


def progress(arguments: argparse.Namespace) -> None:
    """the score board over all labs: what you have solved, with how many tries and hints"""
    from aeutils.exercises.progress import board
    from aeutils.labs import every_lab

    print(*board(every_lab()), sep="\n")


def site(arguments: argparse.Namespace) -> None:
    """make the course's site, a folder of static pages, from the stored notebooks (needs the extra [site])"""
    from aeutils.site.build import build

    print(f"open {build(arguments.out)}")


def doctor(arguments: argparse.Namespace) -> None:
    """say what works on this machine, and what to do about what does not"""
    from aeutils.jupyter.doctor import main

    sys.exit(main())


def options_of_train(command: argparse.ArgumentParser) -> None:
    from aeutils.data import REGISTRY
    from aeutils.models import MODELS
    from aeutils.training.settings import add_options

    command.add_argument("--model", default="ae", help=f"{', '.join(sorted(MODELS))} (default ae)")
    command.add_argument("--data", default="mnist", help=f"{', '.join(REGISTRY)} (default mnist)")
    command.add_argument("--latent", type=int, default=32, metavar="Q", help="size of the code (default 32)")
    command.add_argument("--corrupt", metavar="NAME=STRENGTH", help="denoise: gaussian=0.5, masking=0.3|rotate=20, ...")
    add_options(command)
    command.add_argument("--checkpoint", type=Path, help="written after every epoch; a killed run goes on from it")
    command.add_argument("--start", type=Path, metavar="FILE", help="saved weights to begin with")
    command.add_argument("--out", type=Path, help="weights and recipe (default runs/MODEL-DATA-Q.safetensors, .json)")
    command.add_argument("--replace", action="store_true", help="also weights of another run that are there")


def options_of_weights(command: argparse.ArgumentParser) -> None:
    command.add_argument("names", nargs="*", help="default: all")
    command.add_argument("--epochs", type=int, help="default: each set's own")
    command.add_argument("--out", type=Path, help="folder (default data/weights)")
    command.add_argument("--replace", action="store_true", help="a set that is there by one of other epochs or budget")
    command.add_argument("--table", action="store_true", help="train nothing; print the results beside published ones")


def options_of_bench(command: argparse.ArgumentParser) -> None:
    from aeutils.bench.compare import CASES

    command.add_argument("names", nargs="*", help=f"{', '.join(CASES)} (default: all)")
    command.add_argument("--out", type=Path, default=Path("runs/bench.json"))
    command.add_argument("--rounds", type=int, default=5, help="epochs of each loop; the median counts (default 5)")
    command.add_argument("--quick", action="store_true", help="the loops alone: no start-up times, no figure of growth")


def options_of_data(command: argparse.ArgumentParser) -> None:
    command.add_argument("names", nargs="*", default=["mnist", "fashion"], help="default: mnist fashion")


def options_of_site(command: argparse.ArgumentParser) -> None:
    command.add_argument("--out", type=Path, default=Path("runs/site"), help="folder (default runs/site)")


COMMANDS = {  # each with what adds its options; its help is its docstring
    lab: None,
    train: options_of_train,
    weights: options_of_weights,
    bench: options_of_bench,
    data: options_of_data,
    progress: None,
    site: options_of_site,
    doctor: None,
}


class OneLine(argparse.ArgumentParser):
    """A parser whose errors take one line: what is wrong, and where help is."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message} (see {self.prog} --help)\n")


def parser(only: str | None = None) -> argparse.ArgumentParser:
    """The command line. `only`: with the options of this command alone, as `train` imports the models to list them."""
    root = OneLine(prog="python -m aeutils", description="The autoencoder course's command line.")
    commands = root.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for function, add_options in COMMANDS.items():
        name, text = function.__name__, function.__doc__
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=function)
        if add_options and only in (None, name):
            add_options(command)
    return root


def main(argv: list[str] | None = None) -> None:
    """Run one command. What a user can cause ends with one clear line: status 2 for a command that is none, else 1."""
    argv = sys.argv[1:] if argv is None else argv
    try:
        run(argv)
        sys.stdout.flush()  # else a full disk behind it would be noticed by nobody
    except KeyboardInterrupt:
        sys.exit("error: stopped")
    except (ValueError, ArithmeticError, MemoryError, OSError) as error:
        give_up(str(error) or type(error).__name__)
    except RuntimeError as error:
        if "alloc" not in str(error) and "out of memory" not in str(error):
            raise
        give_up("there is not that much memory; take a smaller model, code or batch")


def run(argv: list[str]) -> None:
    """Read the command line and do what it says."""
    parse = parser(argv[0] if argv else "")
    arguments, rest = parse.parse_known_args(argv)
    if rest and arguments.run is not lab:
        parse.error(f"unknown options: {' '.join(rest)}")
    arguments.jupyter = rest
    arguments.run(arguments)


def give_up(message: str) -> NoReturn:
    """End with one line of error. Nothing more is written to where the output went: it may be what is full."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(f"error: {' '.join(message.split())}")


if __name__ == "__main__":
    main()
