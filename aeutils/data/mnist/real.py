"""MNIST and Fashion-MNIST: from the data folders, else downloaded, else a drawn stand-in that says so."""

from aeutils import environment
from aeutils.data.base import DataSet
from aeutils.data.folders import search_path
from aeutils.data.mnist.download import download
from aeutils.data.mnist.mirrors import Unavailable
from aeutils.data.mnist.sources import FASHION, MNIST, Damaged, Source, read


def mnist() -> DataSet:
    """Handwritten digits (LeCun, Cortes and Burges, 1998): 60,000 + 10,000 images uint8 [N, 1, 28, 28], 10 classes."""
    return real(MNIST)


def fashion() -> DataSet:
    """Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017): clothes in the format of MNIST, 10 classes."""
    return real(FASHION)


def real(source: Source) -> DataSet:
    """`source` itself, or its stand-in and one line that says why and how to get the real one."""
    damage = ""
    for folder in search_path():
        try:
            if (found := read(source, folder)) is not None:
                if damage:
                    print(f"{source.name}: {damage}")
                return found
        except Damaged as error:
            damage += f"{folder.label} is passed over, because {error}. "
    try:
        return download(source, damage)
    except Unavailable as why:
        if damage:
            print(f"{source.name}: {damage}")
        stand_in = source.stand_in()
        named = environment.data_folder()
        folder = f"a folder that holds {source.folder}/raw/ as torchvision lays it out"
        print(
            f"{source.name}: the real images cannot be had ({why}); {stand_in.name!r}, {stand_in.source}, stand in. "
            "For the real ones connect, leave AEUTILS_OFFLINE unset and run this again in a minute, "
            f"or set AEUTILS_DATA to {folder}{' (the one it names now does not)' if named else ''}."
        )
        return stand_in
